// The body of a `%%llm` cell is a prompt and is highlighted as Markdown; Python cells are not touched.

import {
  Compartment,
  type EditorState,
  type Extension,
  Prec,
  RangeSetBuilder,
} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import {
  EditorExtensionRegistry,
  IEditorExtensionRegistry,
  IEditorLanguageRegistry,
} from "@jupyterlab/codemirror";

import { findSpans, isPromptCell } from "./magic";

/** Characters of a cell that are enough to tell whether it is a prompt. */
const HEAD = 2000;
const MARKS = {
  comment: Decoration.mark({ class: "mnb-cm-comment" }),
  magic: Decoration.mark({ class: "mnb-cm-magic" }),
  option: Decoration.mark({ class: "mnb-cm-option" }),
  name: Decoration.mark({ class: "mnb-cm-name" }),
};

const STYLE = EditorView.baseTheme({
  ".mnb-cm-comment, .mnb-cm-comment *": {
    color: "var(--jp-mirror-editor-comment-color)",
    fontWeight: "normal",
    fontStyle: "italic",
  },
  ".mnb-cm-magic, .mnb-cm-magic *": {
    color: "var(--jp-mirror-editor-meta-color)",
    fontWeight: "normal",
    fontStyle: "normal",
  },
  ".mnb-cm-option, .mnb-cm-option *": {
    color: "var(--jp-mirror-editor-attribute-color)",
    fontWeight: "normal",
    fontStyle: "normal",
  },
  ".mnb-cm-name, .mnb-cm-name *": { color: "var(--jp-mirror-editor-variable-2-color)" },
});

/** Marks the magic, its options and inserted names, over whatever highlights the rest. */
const MARKING = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = mark(view.state);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged) {
        this.decorations = mark(update.state);
      }
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function mark(state: EditorState): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to, kind } of findSpans(state.doc.toString())) {
    builder.add(from, to, MARKS[kind]);
  }
  return builder.finish();
}

/** Lets the language follow the first line of the cell. It is loaded when the first prompt is seen. */
function followFirstLine(loadMarkdown: () => Promise<Extension>): Extension {
  const language = new Compartment();
  const following = ViewPlugin.fromClass(
    class {
      #view: EditorView;
      #isPrompt = false;
      #gone = false;

      constructor(view: EditorView) {
        this.#view = view;
        this.#follow(view.state);
      }

      update(update: ViewUpdate): void {
        if (update.docChanged) {
          this.#follow(update.state);
        }
      }

      destroy(): void {
        this.#gone = true;
      }

      #follow(state: EditorState): void {
        const isPrompt = isPromptCell(state.sliceDoc(0, HEAD));
        if (isPrompt !== this.#isPrompt) {
          this.#isPrompt = isPrompt;
          void this.#change(isPrompt);
        }
      }

      async #change(isPrompt: boolean): Promise<void> {
        const extension = isPrompt ? Prec.high(await loadMarkdown()) : await Promise.resolve([]);
        // While it was loading, the line may have changed again or the editor may have gone.
        if (this.#isPrompt === isPrompt && !this.#gone) {
          this.#view.dispatch({ effects: language.reconfigure(extension) });
        }
      }
    },
  );
  return [language.of([]), following];
}

export const highlighting: JupyterFrontEndPlugin<void> = {
  id: "mirascope-nb:highlighting",
  description: "Highlights the body of a %%llm cell as Markdown.",
  autoStart: true,
  requires: [IEditorExtensionRegistry, IEditorLanguageRegistry],
  activate: (_app, extensions: IEditorExtensionRegistry, languages: IEditorLanguageRegistry) => {
    const loadMarkdown = async () => {
      const known = languages.findByMIME("text/x-ipythongfm");
      return (await languages.getLanguage(known ?? "markdown"))?.support ?? [];
    };
    extensions.addExtension({
      name: "mirascope-nb:prompt",
      // Not by the language: a notebook knows its own only when its kernel has answered.
      factory: ({ model }) =>
        "type" in model && model.type === "code"
          ? EditorExtensionRegistry.createImmutableExtension([
              followFirstLine(loadMarkdown),
              MARKING,
              STYLE,
            ])
          : null,
    });
  },
};
