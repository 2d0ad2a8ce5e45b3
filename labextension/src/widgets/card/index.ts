// The card as an anywidget module: messages in, requests out, one view.

import type { Card, CardRequest, KernelMessage } from "../../protocol";
import type { RenderProps, WidgetModule } from "../afm";
import { FrameScheduler } from "../frame";
import { Watch, Wire } from "../wire";
import { abandon, type CardState, FRESH, isLive, receive } from "./state";
import { CardView } from "./view";

const TICK_MILLISECONDS = 100;

function render({ model, el }: RenderProps): () => void {
  let state: CardState = FRESH;
  // The kernel's clock may differ from the browser's: what expires, expires by the kernel's.
  let clockOffset = 0;

  const wire: Wire<CardRequest> = new Wire(model, take, lose);
  const watch = new Watch(() => wire.send({ kind: "resync", have: state.seq }));
  const view = new CardView({
    stop: () => {
      wire.send({ kind: "stop" });
    },
    decide: ({ id, digest }, decision, reason) =>
      wire.send({ kind: "decide", approval: id, digest, decision, reason }),
    edit: ({ id, digest }, text) =>
      wire.send({ kind: "edit", approval: id, digest, arguments: text }),
    always: ({ id, digest }, scope) => wire.send({ kind: "always", approval: id, digest, scope }),
  });
  const frames = new FrameScheduler(() => view.draw(state));
  const ticking = setInterval(() => {
    if (state.card !== null && isLive(state.card)) {
      view.tick(kernelTime(), watch.silence);
    }
  }, TICK_MILLISECONDS);

  function take(message: KernelMessage): void {
    if (message.kind === "refused") {
      view.refuse(message.request, message.reason);
      watch.answered();
      return;
    }
    if (message.kind === "progress") {
      return;
    }
    const before = state;
    state = receive(state, message);
    if (message.kind === "snapshot") {
      clockOffset = offsetOf(message.card);
      watch.answered();
    }
    if (state.final) {
      watch.stop();
      frames.flush();
      return;
    }
    if (state.lost) {
      if (!before.lost) {
        watch.ask();
      }
      return;
    }
    if (message.kind === "delta" && state !== before) {
      watch.heard();
    }
    frames.request();
  }

  function lose(): void {
    watch.stop();
    state = abandon(state, kernelTime());
    frames.flush();
  }

  function kernelTime(): number {
    return Date.now() / 1000 + clockOffset;
  }

  el.append(view.element);
  // Whatever was sent before the module was here is lost, so the first word is a question.
  watch.ask();

  return () => {
    clearInterval(ticking);
    watch.stop();
    frames.cancel();
    wire.close();
    view.close();
  };
}

function offsetOf(card: Card): number {
  return isLive(card) ? card.started + card.elapsed - Date.now() / 1000 : 0;
}

const widget: WidgetModule = { render };
export default widget;
