// The progress bar as an anywidget module.

import type { KernelMessage, ProgressMessage, ProgressRequest } from "../../protocol";
import type { RenderProps, WidgetModule } from "../afm";
import { FrameScheduler } from "../frame";
import { Watch, Wire } from "../wire";
import { abandon, isRunning, newer } from "./state";
import { ProgressView } from "./view";

const TICK_MILLISECONDS = 250;

function render({ model, el }: RenderProps): () => void {
  let state: ProgressMessage | null = null;
  const wire: Wire<ProgressRequest> = new Wire(model, take, lose);
  const watch = new Watch(() => wire.send({ kind: "resync" }));
  const send = (kind: "cancel" | "pause" | "resume" | "retry") => () => {
    wire.send({ kind });
  };
  const view = new ProgressView({
    cancel: send("cancel"),
    pause: send("pause"),
    resume: send("resume"),
    retry: send("retry"),
    limit: (value) => {
      wire.send({ kind: "limit", value });
    },
  });
  const frames = new FrameScheduler(() => {
    if (state !== null) {
      view.draw(state);
    }
  });
  const ticking = setInterval(() => {
    if (state !== null && isRunning(state)) {
      view.tick();
    }
  }, TICK_MILLISECONDS);

  function take(message: KernelMessage): void {
    if (message.kind === "refused") {
      view.refuse(message.reason);
      watch.answered();
      return;
    }
    if (message.kind !== "progress") {
      return;
    }
    const before = state;
    state = newer(state, message);
    if (state.final) {
      watch.stop();
      frames.flush();
      return;
    }
    if (state !== before) {
      watch.heard();
    }
    frames.request();
  }

  function lose(): void {
    watch.stop();
    if (state !== null) {
      const running = isRunning(state);
      state = abandon(state);
      frames.flush();
      if (running) {
        view.refuse("The kernel ended before this did.");
      }
    }
  }

  el.append(view.element);
  watch.ask();

  return () => {
    clearInterval(ticking);
    watch.stop();
    frames.cancel();
    wire.close();
    view.element.remove();
  };
}

const widget: WidgetModule = { render };
export default widget;
