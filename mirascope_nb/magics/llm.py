"""The magics `%%llm` and `%llm`.

A call takes three steps, each with a module of its own: the text is read (`cell`), the model is
called and the reply shown (`execute`), and the response is handed over (`session`). Code rewritten
by the transformer comes in by `run_cell` and `run_line`, which are awaited; `%%time` and its kind,
functions and `get_ipython().run_cell_magic` come in by `llm`, which blocks.

What a call needs is imported by the first call, so that loading the extension costs little.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from traitlets import Bool, Dict, Enum, Float, Integer, TraitError, Unicode
from traitlets import validate as validates

from mirascope_nb.kernel import running
from mirascope_nb.kernel.tracebacks import shorten
from mirascope_nb.magics.aliases import check_alias, is_model_id
from mirascope_nb.magics.cell import CellConfig, CellRequest, read_cell, read_line, thinking_config
from mirascope_nb.magics.detached import DetachedReply
from mirascope_nb.magics.grammar import (
    APPROVALS,
    BY_FLAG,
    FORMATS,
    THINKING_LEVELS,
    find_subcommand,
)
from mirascope_nb.magics.keys import holds_key
from mirascope_nb.magics.namespace import PromptNamespace
from mirascope_nb.magics.quoting import quoted
from mirascope_nb.magics.session import Prepared, Session

if TYPE_CHECKING:
    from mirascope_nb.magics.execute import Progress


@magics_class
class LLMMagics(Magics):
    """Calls a language model from a cell. `%llm help` shows how."""

    model = Unicode("", help="The model of cells that name none, as provider/model.").tag(
        config=True
    )
    system = Unicode("", help="The system message of cells without -s.").tag(config=True)
    format = Enum(FORMATS, "markdown", help="How replies are shown without -f.").tag(config=True)
    approve = Enum(
        APPROVALS, "ask", help="Whether to ask before a tool runs, without --approve."
    ).tag(config=True)
    temperature = Float(
        None, allow_none=True, help="Sent with every call; None leaves it to the provider."
    ).tag(config=True)
    max_tokens = Integer(
        None, allow_none=True, help="Sent with every call; None leaves it to the provider."
    ).tag(config=True)
    thinking = Enum(
        THINKING_LEVELS, None, allow_none=True, help="How long models may think; None says nothing."
    ).tag(config=True)
    timeout = Float(
        None, allow_none=True, help="Seconds for a whole call; None is the provider's own limit."
    ).tag(config=True)
    stream = Bool(True, help="Whether replies are shown while they come.").tag(config=True)
    aliases = Dict(value_trait=Unicode(), key_trait=Unicode(), help="Short names for models.").tag(
        config=True
    )

    def __init__(self, shell: Any, **kwargs: Any) -> None:
        super().__init__(shell, **kwargs)
        self.ip: Any = shell
        self.session = Session(shell)

    @validates("model")
    def _check_model(self, proposal: Any) -> str:
        """Refuse what is no model at once, and not when the next cell runs."""
        model = str(proposal["value"])
        if holds_key(model):
            raise TraitError("that is an API key; LLMMagics.model takes provider/model.")
        if (
            model
            and model not in cast("Mapping[str, str]", self.aliases)
            and not is_model_id(model)
        ):
            raise TraitError(f"{quoted(model)} is not a model; write it as provider/model.")
        return model

    @validates("temperature", "max_tokens", "timeout")
    def _check_number(self, proposal: Any) -> float | None:
        """Refuse what the option of the same name refuses."""
        name, value = proposal["trait"].name, proposal["value"]
        if value is None:
            return None
        try:
            return BY_FLAG[f"--{name.replace('_', '-')}"].convert(str(value))
        except ValueError as error:
            raise TraitError(f"LLMMagics.{name} {error}, not {value!r}.") from None

    @validates("aliases")
    def _check_aliases(self, proposal: Any) -> dict[str, str]:
        aliases: dict[str, str] = proposal["value"]
        for name, model in aliases.items():
            try:
                check_alias(name, model)
            except UsageError as error:
                raise TraitError(str(error)) from None
        return aliases

    # -- the ways in -----------------------------------------------------------------------------

    @needs_local_scope
    @no_var_expand
    @line_cell_magic
    def llm(
        self, line: str = "", cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Any:
        """Send a prompt to a language model, and wait for the reply. See `%llm help`."""
        local: Mapping[str, Any] = (
            {} if local_ns is None or local_ns is self.ip.user_ns else local_ns
        )
        try:
            from mirascope_nb.magics.execute import is_captured

            request = self._read(line, cell, local)
            if isinstance(request, CellRequest):
                return self._call_blocking(request, hidden=cell is not None and is_captured())
            return request()
        except KeyboardInterrupt as stop:
            # It may come before the call, while all that is needed for it is imported.
            shorten(stop)
            raise

    async def run_cell(self, line: str, body: str) -> Any:
        """Run a `%%llm` cell on the event loop that is running.

        Its value is the response, unless the line says otherwise.
        """
        # From here on a stop is one, and not only while a reply is coming.
        with running():
            request = self._read(line, body, {})
            if isinstance(request, CellRequest):
                return await self._call(request, bound=False)
            return request()

    async def run_line(self, line: str, *, bound: bool = False) -> Any:
        """Run `%llm` on the event loop that is running.

        Args:
            line: What follows `%llm`: a subcommand or a prompt.
            bound: Whether the value is assigned, and so is not shown as the cell's own.
        """
        with running():
            request = self._read(line, None, {}, bound=bound)
            if isinstance(request, CellRequest):
                return await self._call(request, bound=bound)
            return request()

    def refuse_misplaced(self) -> None:
        """Say where `%%llm` belongs: what a cell that has it below code is rewritten to.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "%%llm begins a cell, and all below it is the prompt: give it a cell of its own. Among "
            "code write `%llm PROMPT`; to bind the response write `%%llm -o NAME`."
        )

    # -- reading ---------------------------------------------------------------------------------

    def namespace(self, local: Mapping[str, Any]) -> PromptNamespace:
        """The names that a prompt may use."""
        shell = self.ip
        return PromptNamespace(
            shell.user_ns,
            hidden=shell.user_ns_hidden,
            local=local,
            inputs=lambda: list(shell.history_manager.input_hist_raw),
            last_error=self.session.last_error.text,
        )

    @property
    def settings(self) -> CellConfig:
        """The defaults as they are now, and the model of a `with` block around the line."""
        from mirascope_nb import llm

        params: dict[str, Any] = {}
        if self.temperature is not None:
            params["temperature"] = self.temperature
        if self.max_tokens is not None:
            params["max_tokens"] = self.max_tokens
        if self.thinking is not None:
            params["thinking"] = thinking_config(str(self.thinking))
        return CellConfig(
            model=self.model or None,
            aliases=dict(cast("Mapping[str, str]", self.aliases)),
            providers=frozenset(llm.providers.KNOWN_PROVIDER_IDS),
            system=self.system or None,
            format=self.format,  # pyright: ignore[reportArgumentType] - one of FORMATS
            approve=self.approve,  # pyright: ignore[reportArgumentType] - one of APPROVALS
            params=params,
            stream=self.stream,
            timeout=self.timeout,
            entered=llm.model_from_context(),
        )

    def _read(
        self, line: str, cell: str | None, local: Mapping[str, Any], *, bound: bool = False
    ) -> CellRequest | Callable[[], Any]:
        """What the text asks for: a call, or something that is done at once."""
        request: CellRequest | None
        if cell is not None:
            request = read_cell(line, cell, self.namespace(local), self.settings)
        elif (found := find_subcommand(line)) is None:
            request = read_line(line, self.namespace(local), self.settings)
        elif found[0].name == "fix":
            from mirascope_nb.magics.subcommands import fix_request

            request = fix_request(self, found[1])
        else:
            command, words = found
            return lambda: self._subcommand(command.name, words, bound=bound)
        return request or (lambda: self._subcommand("help", [], bound=bound))

    # -- calling ---------------------------------------------------------------------------------

    async def _call(self, request: CellRequest, *, bound: bool) -> Any:
        prepared = self.session.prepare(request)
        if request.show_prompt:
            return self._show_prompt(prepared, bound=bound)
        from mirascope_nb.magics.execute import Progress, run

        if request.detach:
            return self._detach(prepared, bound=bound)
        progress = Progress()
        with self._keeping(prepared, progress):
            await run(prepared, progress)
            response = self.session.deliver(prepared, progress.responses, bound=bound)
        if bound:
            return response
        self.session.make_value(response)
        return None

    def _call_blocking(self, request: CellRequest, *, hidden: bool) -> Any:
        if request.detach:
            raise UsageError(
                "--detach needs a cell of its own: it cannot run in a function or under %%time."
            )
        from mirascope_nb.magics.execute import Progress, run_blocking

        prepared = self.session.prepare(request)
        if request.show_prompt:
            return self._show_prompt(prepared, bound=False)
        progress = Progress()
        with self._keeping(prepared, progress):
            run_blocking(prepared, progress, hidden=hidden)
            # Nothing tells whether the value is assigned, so it is always given.
            return self.session.deliver(prepared, progress.responses, bound=request.silent)

    def _detach(self, prepared: Prepared, *, bound: bool) -> Any:
        """Start the call, and hand its handle over in place of the response."""
        from mirascope_nb.kernel import detach
        from mirascope_nb.magics.execute import Progress, run

        progress = Progress()
        request = prepared.request
        later = replace(prepared, request=replace(request, output=None, silent=True))

        async def work() -> Any:
            with self._keeping(later, progress):
                await run(prepared, progress)
                return self.session.deliver(later, progress.responses, bound=True)

        # A card says how the call has failed; where nothing is shown it is printed in a line.
        on_error = None if request.quiet or request.silent else _shown_by_the_card
        handle = DetachedReply(
            detach(work(), name=f"reply of {request.model}", on_error=on_error),
            partial=lambda: progress.response,
        )
        if request.output is not None:
            self.session.bind(request.output, handle)
        if bound:
            return handle
        if request.output is None and not request.silent:
            self.session.make_value(handle)
        return None

    @contextmanager
    def _keeping(self, prepared: Prepared, progress: "Progress") -> Generator[None]:
        """Keep what has arrived when the block fails or is stopped, and make its error short."""
        from mirascope_nb.llm import ParseError
        from mirascope_nb.magics.failures import shorten

        try:
            yield
        except (ParseError, UsageError) as error:
            # Of a reply that is whole, and that `deliver` has kept.
            shorten(error)
            raise
        except BaseException as error:
            self.session.keep_partial(prepared, progress.responses)
            shorten(error)
            raise

    def _subcommand(self, name: str, words: list[str], *, bound: bool) -> Any:
        from mirascope_nb.magics.subcommands import run_subcommand

        return self._show(run_subcommand(self, name, words), bound=bound)

    def _show_prompt(self, prepared: Prepared, *, bound: bool) -> Any:
        from mirascope_nb.magics.transcript import transcript

        return self._show(transcript(prepared), bound=bound)

    def _show(self, report: Any, *, bound: bool) -> Any:
        """Show a report, or give it to be assigned."""
        from IPython.display import display  # pyright: ignore[reportUnknownVariableType]

        if bound:
            return report
        display(report)
        return None


def _shown_by_the_card(*_: object) -> None:
    """Print nothing about a detached call that has failed."""
