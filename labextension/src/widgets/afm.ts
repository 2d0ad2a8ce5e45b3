// The part of the anywidget front-end module interface that the cards use.

export interface WidgetModel {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: string, callback: (content: unknown) => void): void;
  off(event: string, callback: (content: unknown) => void): void;
}

export interface RenderProps {
  model: WidgetModel;
  el: HTMLElement;
}

export interface WidgetModule {
  render(props: RenderProps): () => void;
}
