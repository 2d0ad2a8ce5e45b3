"use strict";(self.rspackChunkmirascope_nb=self.rspackChunkmirascope_nb||[]).push([[1],{20(n,r,e){var t=e(21),o=e.n(t),a=e(22),i=(e.n(a))()(o());i.push([n.id,`/* src/widgets/card/markdown.css */
.mnb-markdown > :first-child {
  margin-top: 0;
}
.mnb-markdown > :last-child,
.mnb-markdown li > :last-child {
  margin-bottom: 0;
}
.mnb-markdown p,
.mnb-markdown ul,
.mnb-markdown ol,
.mnb-markdown blockquote,
.mnb-markdown .mnb-code,
.mnb-markdown .mnb-table {
  margin: 0 0 0.7em;
}
.mnb-markdown :is(h1, h2, h3, h4, h5, h6) {
  margin: 1.1em 0 0.45em;
  color: inherit;
  font-family: inherit;
  font-weight: 600;
  line-height: 1.3;
}
.mnb-markdown h1 {
  font-size: 1.35em;
}
.mnb-markdown h2 {
  font-size: 1.2em;
}
.mnb-markdown h3 {
  font-size: 1.08em;
}
.mnb-markdown :is(h4, h5, h6) {
  font-size: 1em;
}
.mnb-markdown :is(ul, ol) {
  padding-inline-start: 1.7em;
}
.mnb-markdown ul {
  list-style: disc;
}
.mnb-markdown ol {
  list-style: decimal;
}
.mnb-markdown li > :is(ul, ol) {
  margin: 0.15em 0 0.3em;
}
.mnb-markdown li > p {
  margin-bottom: 0.35em;
}
.mnb-markdown blockquote {
  padding: 0 0 0 12px;
  border: 0;
  border-inline-start: 2px solid var(--mnb-line-strong);
  color: var(--mnb-muted);
  font-size: inherit;
}
.mnb-markdown hr {
  margin: 1em 0;
  border: 0;
  border-top: 1px solid var(--mnb-line);
  background: none;
}
.mnb-markdown a {
  color: var(--jp-content-link-color, var(--mnb-live-text));
  text-decoration: underline;
  text-underline-offset: 2px;
}
.mnb-host {
  color: var(--mnb-muted);
  font-size: 0.9em;
}
.mnb-markdown code {
  padding: 1px 4px;
  border: 0;
  border-radius: 3px;
  background: color-mix(in srgb, var(--mnb-text) 6%, var(--mnb-page));
  color: inherit;
  font-family: var(--mnb-code-font);
  font-size: 0.92em;
}
.mnb-code {
  position: relative;
}
.mnb-code > pre {
  margin: 0;
  padding: 8px 38px 8px 10px;
  border: 0;
  border-radius: 3px;
  background: var(--mnb-raised);
  font-size: var(--jp-code-font-size, 13px);
  line-height: 1.5;
  overflow-x: auto;
}
.mnb-code > pre > code {
  padding: 0;
  background: none;
  font-size: inherit;
  white-space: pre;
}
.mnb-icon-button {
  position: absolute;
  top: 5px;
  right: 5px;
  width: 26px;
  height: 26px;
  margin: 0;
  padding: 0;
  border: 0;
  border-radius: 3px;
  background: var(--mnb-raised);
  color: color-mix(in srgb, var(--mnb-text) 40%, var(--mnb-page));
  cursor: pointer;
  transition: color 120ms;
}
.mnb-code:hover > .mnb-icon-button,
.mnb-icon-button:focus-visible {
  color: var(--mnb-text);
}
.mnb-icon-button::before,
.mnb-icon-button::after {
  content: "";
  position: absolute;
  width: 9px;
  height: 11px;
  border: 1.3px solid currentcolor;
  border-radius: 2px;
}
.mnb-icon-button::before {
  top: 6px;
  left: 7px;
}
.mnb-icon-button::after {
  top: 9px;
  left: 10px;
  background: var(--mnb-raised);
}
.mnb-icon-button[data-copied]::before {
  content: none;
}
.mnb-icon-button[data-copied]::after {
  content: "✓";
  inset: 0;
  width: auto;
  height: auto;
  border: 0;
  background: none;
  font: 13px / 26px var(--jp-ui-font-family, system-ui, sans-serif);
}
.mnb-icon-button[data-copied=no]::after {
  content: "✗";
}
.mnb-table {
  overflow-x: auto;
}
.mnb-markdown table {
  margin: 0;
  border: 0;
  border-collapse: collapse;
  font-size: var(--mnb-small);
  font-variant-numeric: tabular-nums;
}
.mnb-markdown :is(th, td) {
  padding: 4px 12px 4px 0;
  border: 0;
  border-bottom: 1px solid var(--mnb-line);
  background: none;
  text-align: start;
  vertical-align: top;
}
.mnb-markdown th {
  border-bottom-color: var(--mnb-line-strong);
  font-weight: 600;
}
.mnb-markdown .mnb-right {
  text-align: end;
}
.mnb-markdown .mnb-center {
  text-align: center;
}
.mnb-chip {
  display: inline-flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 8px;
  max-width: 100%;
  padding: 0 8px;
  border: 1px dashed var(--mnb-line-strong);
  border-radius: 3px;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-chip-words {
  font-style: italic;
}
.mnb-chip-button {
  margin: 0;
  padding: 0 2px;
  border: 0;
  background: none;
  color: var(--mnb-live-text);
  font: inherit;
  text-decoration: underline;
  text-underline-offset: 2px;
  cursor: pointer;
}
.mnb-loaded {
  display: inline-block;
  max-width: 100%;
  height: auto;
}

/* src/widgets/card/tool.css */
.mnb-tool {
  border: 1px solid var(--mnb-line);
  border-radius: 4px;
  background: var(--mnb-page);
  font-size: var(--mnb-small);
  overflow: hidden;
}
.mnb-tool[data-state=pending] {
  border-color: color-mix(in srgb, var(--mnb-wait) 55%, var(--mnb-page));
}
.mnb-tool-head {
  display: flex;
  align-items: baseline;
  gap: 8px;
  padding: 6px 10px;
  background: var(--mnb-raised);
}
.mnb-tool[data-state=pending] > .mnb-tool-head {
  background: color-mix(in srgb, var(--mnb-wait) 12%, var(--mnb-page));
}
.mnb-tool-name,
.mnb-tool-words,
.mnb-tool-arguments,
.mnb-tool-result {
  font-family: var(--mnb-code-font);
  font-size: var(--jp-code-font-size, 13px);
}
.mnb-tool-name {
  font-weight: 600;
}
.mnb-tool-title {
  flex: 1 1 0;
  min-width: 0;
}
.mnb-tool-words {
  color: var(--mnb-muted);
}
.mnb-tool-time {
  flex: none;
  color: var(--mnb-muted);
}
.mnb-pill {
  font-size: 0;
}
.mnb-pill::after {
  content: attr(data-label) / "";
  display: inline-block;
  padding: 0 7px;
  border-radius: 9px;
  background: color-mix(in srgb, var(--mnb-text) 6%, transparent);
  color: var(--mnb-muted);
  font-size: 12px;
  line-height: 19px;
  white-space: nowrap;
}
.mnb-pill[data-state=pending]::after {
  padding-inline-end: 0;
  background: none;
  color: var(--mnb-wait-text);
}
.mnb-pill:is([data-state=approved], [data-state=edited], [data-state=auto_allowed], [data-state=ok])::after {
  background: color-mix(in srgb, var(--mnb-well) 13%, transparent);
  color: var(--mnb-well-text);
}
.mnb-pill:is([data-state=denied], [data-state=auto_denied], [data-state=error])::after {
  background: color-mix(in srgb, var(--mnb-wrong) 11%, transparent);
  color: var(--mnb-wrong-text);
}
.mnb-pill:is([data-state=proposed], [data-state=running])::after {
  color: var(--mnb-live-text);
}
.mnb-tool > :not(.mnb-tool-head) {
  margin: 0;
  padding: 7px 10px;
  border-top: 1px solid var(--mnb-line);
}
.mnb-tool > .mnb-tool-arguments + :not([hidden]) {
  border-top-color: var(--mnb-line);
}
.mnb-tool[data-state=pending] > .mnb-tool-arguments {
  border-top: 0;
}
.mnb-tool > .mnb-tool-arguments,
.mnb-tool > .mnb-tool-result {
  max-height: 24em;
  overflow: auto;
}
.mnb-tool[data-state=pending] > .mnb-tool-arguments {
  max-height: none;
}
.mnb-tool .mnb-arguments {
  display: grid;
  grid-template-columns: fit-content(38%) minmax(0, 1fr);
  gap: 3px 14px;
  margin: 0;
}
.mnb-tool .mnb-arguments > :is(dt, dd) {
  float: none;
  width: auto;
  margin: 0;
  padding: 0;
  font: inherit;
  line-height: 1.5;
  text-align: start;
}
.mnb-tool .mnb-arguments > :is(dt, dd) {
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}
.mnb-tool .mnb-arguments > dt {
  color: var(--mnb-muted);
  font-weight: 400;
}
.mnb-lines,
.mnb-raw {
  margin: 0;
  padding: 0;
  background: none;
  color: inherit;
  font: inherit;
  line-height: 1.5;
  white-space: pre-wrap;
}
.mnb-lines {
  padding-inline-start: 8px;
  border-inline-start: 2px solid var(--mnb-line);
}
.mnb-tool-result {
  background: none;
  color: inherit;
  line-height: 1.5;
  white-space: pre-wrap;
}
.mnb-tool-error {
  color: var(--mnb-wrong-text);
  white-space: pre-wrap;
}
.mnb-approval-row {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
}
.mnb-button.mnb-primary {
  border-color: transparent;
  background: var(--mnb-live);
  color: var(--mnb-on-live);
}
.mnb-button.mnb-primary:hover:enabled,
.mnb-button.mnb-primary:active:enabled {
  background: color-mix(in srgb, var(--mnb-live) 88%, var(--mnb-text));
}
.mnb-button.mnb-quiet {
  padding-inline: 6px;
  border-color: transparent;
  color: var(--mnb-muted);
}
.mnb-button.mnb-quiet:hover:enabled {
  color: var(--mnb-text);
}
.mnb-field[aria-invalid=true] {
  border-color: var(--mnb-wrong);
}
.mnb-field.mnb-reason {
  flex: 1 1 11em;
  max-width: 18em;
  margin-inline-start: auto;
}
.mnb-caret-down {
  display: inline-block;
  margin-inline-start: 6px;
  border: 4px solid transparent;
  border-top-color: currentcolor;
  border-bottom: 0;
  vertical-align: 2px;
}
.mnb-menu {
  display: flex;
  flex-direction: column;
  margin-top: 6px;
  padding: 3px 0;
  border: 1px solid var(--mnb-line);
  border-radius: 3px;
}
.mnb-menu-item {
  margin: 0;
  padding: 4px 10px;
  border: 0;
  background: none;
  color: var(--mnb-text);
  font: inherit;
  text-align: start;
  overflow-wrap: anywhere;
  cursor: pointer;
}
.mnb-menu-item:is(:hover, :focus-visible) {
  background: color-mix(in srgb, var(--mnb-text) 7%, transparent);
  outline-offset: -2px;
}
.mnb-approval-note {
  margin-top: 6px;
  color: var(--mnb-muted);
  font-size: 12px;
}
.mnb-approval > .mnb-alert {
  margin-top: 6px;
}
.mnb-tool:has(.mnb-editor) > .mnb-tool-arguments {
  display: none;
}
.mnb-editor {
  display: flex;
  flex-direction: column;
  gap: 8px;
}
.mnb-editor-panes {
  display: flex;
  flex-wrap: wrap;
  gap: 10px;
}
.mnb-field.mnb-json {
  flex: 1 1 16em;
  font-family: var(--mnb-code-font);
  resize: vertical;
  tab-size: 2;
}
.mnb-form {
  display: grid;
  flex: 1 1 14em;
  grid-template-columns: fit-content(45%) minmax(0, 1fr);
  align-content: start;
  align-items: baseline;
  gap: 6px 12px;
  min-width: 0;
}
.mnb-form-row {
  display: contents;
}
.mnb-form-row > span {
  color: var(--mnb-muted);
  font-family: var(--mnb-code-font);
}
.mnb-form-row > .mnb-field {
  width: 100%;
  font-family: var(--mnb-code-font);
  resize: none;
}
.mnb-check {
  justify-self: start;
  margin: 0;
  accent-color: var(--mnb-live);
}
@media (forced-colors: active) {
  .mnb-button.mnb-primary {
    border-color: ButtonText;
  }
}

/* src/widgets/card/card.css */
.mnb-card[data-state=streaming],
.mnb-card[data-state=waiting] {
  border-inline-start-color: var(--mnb-live);
}
.mnb-card[data-state=failed] {
  border-inline-start-color: var(--mnb-wrong);
}
.mnb-body {
  display: flex;
  flex-direction: column;
  gap: 10px;
}
.mnb-run:empty:not(.mnb-writing) {
  display: none;
}
.mnb-model {
  contain: paint;
  isolation: isolate;
  overflow: hidden;
}
.mnb-note {
  margin: 0 0 6px;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-plain,
.mnb-tail {
  margin: 0;
  font-family: inherit;
  white-space: pre-wrap;
}
.mnb-source,
.mnb-tail.mnb-fenced {
  margin: 0;
  font-family: var(--mnb-code-font);
  font-size: var(--jp-code-font-size, 13px);
  line-height: 1.5;
  white-space: pre-wrap;
}
.mnb-tail.mnb-fenced {
  padding: 8px 10px;
  border-radius: 3px;
  background: var(--mnb-raised);
  white-space: pre;
  overflow-x: auto;
}
.mnb-writing:empty::after,
.mnb-writing > .mnb-model:last-child.mnb-growing > :last-child::after {
  content: "";
  display: inline-block;
  width: 0.5em;
  height: 1.05em;
  margin-inline-start: 1px;
  vertical-align: -0.16em;
  background: var(--mnb-live);
  animation: mnb-blink 1.1s steps(2, jump-none) infinite;
}
@keyframes mnb-blink {
  0%, 55% {
    opacity: 1;
  }
  100% {
    opacity: 0.15;
  }
}
.mnb-thought {
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-thought > summary {
  width: fit-content;
  border-radius: 2px;
  cursor: pointer;
}
.mnb-thought[data-empty] > summary {
  list-style: none;
  cursor: auto;
  pointer-events: none;
}
.mnb-thought[data-empty] > summary::-webkit-details-marker {
  display: none;
}
.mnb-thought > .mnb-model {
  max-height: 22em;
  margin-top: 4px;
  padding-inline-start: 14px;
  overflow-y: auto;
}
.mnb-error {
  color: var(--mnb-wrong-text);
}
.mnb-error-title,
.mnb-error-message {
  margin: 0;
  white-space: pre-wrap;
}
.mnb-error-title {
  font-weight: 600;
}
.mnb-error-message {
  color: var(--mnb-text);
}
.mnb-card > .mnb-alert {
  margin-top: 8px;
}
.mnb-foot {
  display: flex;
  align-items: center;
  gap: 8px;
  min-height: 26px;
  margin-top: 8px;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-foot-words {
  display: flex;
  flex: 1;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 10px;
  min-width: 0;
}
.mnb-status {
  font-size: 0;
}
.mnb-status::before {
  content: "";
  display: inline-block;
  width: 0;
  height: 0;
  border: 4px solid var(--mnb-muted);
  border-radius: 50%;
  vertical-align: 1px;
}
.mnb-status::after {
  content: attr(data-label) / "";
  font-size: var(--mnb-small);
}
.mnb-status:not([data-label=""])::after {
  margin-inline-start: 8px;
}
.mnb-status[data-state=streaming]::before {
  border-color: var(--mnb-live);
  animation: mnb-breathe 1.6s ease-in-out infinite alternate;
}
.mnb-status[data-state=waiting] {
  color: var(--mnb-wait-text);
}
.mnb-status[data-state=waiting]::before {
  border-color: var(--mnb-wait);
}
.mnb-status[data-state=done]::before {
  border-color: var(--mnb-well);
}
.mnb-status[data-state=failed] {
  color: var(--mnb-wrong-text);
}
.mnb-status[data-state=failed]::before {
  border-color: var(--mnb-wrong);
}
@keyframes mnb-breathe {
  100% {
    opacity: 0.35;
  }
}
.mnb-ending:not(:empty) {
  color: var(--mnb-wait-text);
}
.mnb-copy[data-copied=yes]::after {
  content: " ✓";
}
.mnb-copy[data-copied=no]::after {
  content: " ✗";
}

/* src/widgets/style/base.css */
.mnb-root {
  --mnb-text: var( --jp-content-font-color1, var(--vscode-editor-foreground, var(--colab-primary-text-color, rgb(0 0 0 / 87%))) );
  --mnb-page: var( --jp-layout-color0, var(--vscode-editor-background, var(--colab-primary-surface-color, #fff)) );
  --mnb-muted: color-mix(in srgb, var(--mnb-text) 70%, var(--mnb-page));
  --mnb-line: color-mix(in srgb, var(--mnb-text) 14%, var(--mnb-page));
  --mnb-line-strong: color-mix(in srgb, var(--mnb-text) 34%, var(--mnb-page));
  --mnb-raised: color-mix(in srgb, var(--mnb-text) 4%, var(--mnb-page));
  --mnb-live: var( --jp-brand-color1, var(--vscode-focusBorder, var(--colab-highlighted-surface-color, #1976d2)) );
  --mnb-on-live: var(--jp-ui-inverse-font-color0, var(--vscode-button-foreground, #fff));
  --mnb-wait: var(--jp-warn-color1, var(--vscode-editorWarning-foreground, #c77700));
  --mnb-wrong: var(--jp-error-color1, var(--vscode-errorForeground, #d32f2f));
  --mnb-well: var(--jp-success-color1, var(--vscode-testing-iconPassed, #388e3c));
  --mnb-live-text: color-mix(in srgb, var(--mnb-live) 80%, var(--mnb-text));
  --mnb-wait-text: color-mix(in srgb, var(--mnb-wait) 55%, var(--mnb-text));
  --mnb-wrong-text: color-mix(in srgb, var(--mnb-wrong) 75%, var(--mnb-text));
  --mnb-well-text: color-mix(in srgb, var(--mnb-well) 60%, var(--mnb-text));
  --mnb-code-font: var( --jp-code-font-family, var(--vscode-editor-font-family, ui-monospace, menlo, consolas, monospace) );
  --mnb-size: var(--jp-content-font-size1, var(--vscode-font-size, 14px));
  --mnb-small: var(--jp-ui-font-size1, 13px);
  position: relative;
  box-sizing: border-box;
  max-width: 100%;
  padding: 4px 0 4px 14px;
  border-inline-start: 2px solid var(--mnb-line-strong);
  color: var(--mnb-text);
  font-family: var(--jp-content-font-family, var(--vscode-font-family, system-ui, sans-serif));
  font-size: var(--mnb-size);
  line-height: 1.55;
  text-align: start;
  overflow-wrap: anywhere;
}
.mnb-root *,
.mnb-root *::before,
.mnb-root *::after {
  box-sizing: border-box;
}
.mnb-root [hidden] {
  display: none !important;
}
.mnb-root :focus-visible {
  outline: 2px solid var(--mnb-live);
  outline-offset: 1px;
}
.mnb-figures {
  font-variant-numeric: tabular-nums;
}
.mnb-muted {
  color: var(--mnb-muted);
}
.mnb-button {
  flex: none;
  min-height: 26px;
  margin: 0;
  padding: 2px 10px;
  border: 1px solid var(--mnb-line-strong);
  border-radius: 3px;
  background: transparent;
  color: var(--mnb-text);
  font: inherit;
  font-size: var(--mnb-small);
  line-height: 20px;
  white-space: nowrap;
  cursor: pointer;
  transition: background-color 120ms, opacity 120ms;
}
.mnb-button:hover:enabled {
  background: color-mix(in srgb, var(--mnb-text) 7%, transparent);
}
.mnb-button:active:enabled {
  background: color-mix(in srgb, var(--mnb-text) 12%, transparent);
}
.mnb-button:disabled {
  opacity: 0.5;
  cursor: default;
}
.mnb-field {
  min-width: 0;
  margin: 0;
  padding: 2px 7px;
  border: 1px solid var(--mnb-line-strong);
  border-radius: 3px;
  background: var(--mnb-page);
  color: var(--mnb-text);
  font: inherit;
  font-size: var(--mnb-small);
  line-height: 20px;
}
.mnb-field::placeholder {
  color: var(--mnb-muted);
  opacity: 1;
}
.mnb-field:focus-visible {
  border-color: var(--mnb-live);
  outline-offset: -1px;
}
.mnb-alert {
  white-space: pre-wrap;
  color: var(--mnb-wrong-text);
  font-size: var(--mnb-small);
}
@media (prefers-reduced-motion: reduce) {
  .mnb-root *,
  .mnb-root *::before,
  .mnb-root *::after {
    animation: none !important;
    transition: none !important;
  }
}

/* src/widgets/progress/progress.css */
.mnb-progress[data-state=running] {
  border-inline-start-color: var(--mnb-live);
}
.mnb-progress[data-state=paused] {
  border-inline-start-color: var(--mnb-wait);
}
.mnb-progress[data-state=failed] {
  border-inline-start-color: var(--mnb-wrong);
}
.mnb-progress-head {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px 10px;
  min-height: 28px;
}
.mnb-progress-head-words {
  display: flex;
  flex: 1 1 auto;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 10px;
  min-width: 0;
}
.mnb-progress-name {
  font-weight: 600;
}
.mnb-progress-words {
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-progress-state {
  font-size: 0;
}
.mnb-progress-state::after {
  content: attr(data-label) / "";
  font-size: var(--mnb-small);
}
.mnb-progress-state[data-state=paused] {
  color: var(--mnb-wait-text);
}
.mnb-progress-state[data-state=failed] {
  color: var(--mnb-wrong-text);
}
.mnb-progress-state[data-state=cancelled] {
  color: var(--mnb-muted);
}
.mnb-progress-buttons {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
}
.mnb-limit-label {
  display: inline-flex;
  flex: none;
  align-items: center;
  gap: 6px;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-field.mnb-limit {
  width: 5em;
  font-variant-numeric: tabular-nums;
}
.mnb-bar {
  display: flex;
  height: 6px;
  margin: 6px 0 8px;
  border-radius: 3px;
  background: var(--mnb-line);
  overflow: hidden;
  forced-color-adjust: none;
}
.mnb-bar > span {
  height: 100%;
  transition: width 120ms linear;
}
.mnb-bar-done {
  background: var(--mnb-live);
}
.mnb-progress:is([data-state=done], [data-state=cancelled], [data-state=failed]) .mnb-bar-done {
  background: color-mix(in srgb, var(--mnb-well) 75%, var(--mnb-page));
}
.mnb-bar-failed {
  background: var(--mnb-wrong);
}
.mnb-bar-running {
  background: color-mix(in srgb, var(--mnb-live) 40%, var(--mnb-page));
}
.mnb-grid {
  display: flex;
  flex-wrap: wrap;
  gap: 2px;
  margin-bottom: 6px;
  forced-color-adjust: none;
}
.mnb-square {
  width: 8px;
  height: 8px;
  border-radius: 1.5px;
  background: var(--mnb-line);
}
.mnb-square[data-row=r] {
  background: var(--mnb-live);
}
.mnb-square[data-row=d] {
  background: color-mix(in srgb, var(--mnb-well) 75%, var(--mnb-page));
}
.mnb-square[data-row=f] {
  background: var(--mnb-wrong);
  cursor: help;
}
.mnb-square[data-row=c] {
  background: none;
  box-shadow: inset 0 0 0 1px var(--mnb-line-strong);
}
.mnb-square:hover {
  outline: 1px solid var(--mnb-text);
}
.mnb-row-told {
  margin-bottom: 4px;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
  font-variant-numeric: tabular-nums;
}
.mnb-row-told[data-row=f] {
  color: var(--mnb-wrong-text);
}
.mnb-progress-foot {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 4px 14px;
}
.mnb-spending {
  flex: 1 1 20em;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-errors {
  margin-top: 4px;
  color: var(--mnb-muted);
  font-size: var(--mnb-small);
}
.mnb-errors > summary {
  width: fit-content;
  cursor: pointer;
}
.mnb-error-list {
  max-height: 16em;
  margin: 4px 0 0;
  padding: 0 0 0 14px;
  color: var(--mnb-text);
  list-style: none;
  overflow-y: auto;
}

/* src/plugin/plugin.css */
.mnb-usage {
  padding: 0 6px;
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 24px;
}
`,""]),e.d(r,{},{A:i})},22(n){n.exports=function(n){var r=[];return r.toString=function(){return this.map(function(r){var e="",t=void 0!==r[5];return r[4]&&(e+="@supports (".concat(r[4],") {")),r[2]&&(e+="@media ".concat(r[2]," {")),t&&(e+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),e+=n(r),t&&(e+="}"),r[2]&&(e+="}"),r[4]&&(e+="}"),e}).join("")},r.i=function(n,e,t,o,a){"string"==typeof n&&(n=[[null,n,void 0]]);var i={};if(t)for(var m=0;m<this.length;m++){var b=this[m][0];null!=b&&(i[b]=!0)}for(var l=0;l<n.length;l++){var s=[].concat(n[l]);t&&i[s[0]]||(void 0!==a&&(void 0===s[5]||(s[1]="@layer".concat(s[5].length>0?" ".concat(s[5]):""," {").concat(s[1],"}")),s[5]=a),e&&(s[2]&&(s[1]="@media ".concat(s[2]," {").concat(s[1],"}")),s[2]=e),o&&(s[4]?(s[1]="@supports (".concat(s[4],") {").concat(s[1],"}"),s[4]=o):s[4]="".concat(o)),r.push(s))}},r}},21(n){n.exports=function(n){return n[1]}},13(n,r,e){e.r(r);var t=e(14),o=e.n(t),a=e(15),i=e.n(a),m=e(16),b=e.n(m),l=e(17),s=e.n(l),d=e(18),p=e.n(d),c=e(19),g=e.n(c),u=e(20),f={};f.styleTagTransform=g(),f.setAttributes=s(),f.insert=b().bind(null,"head"),f.domAPI=i(),f.insertStyleElement=p(),o()(u.A,f);let v=u.A&&u.A.locals?u.A.locals:void 0;e.d(r,{},{default:v})},14(n){var r=[];function e(n){for(var e=-1,t=0;t<r.length;t++)if(r[t].identifier===n){e=t;break}return e}function t(n,t){for(var o={},a=[],i=0;i<n.length;i++){var m=n[i],b=t.base?m[0]+t.base:m[0],l=o[b]||0,s="".concat(b," ").concat(l);o[b]=l+1;var d=e(s),p={css:m[1],media:m[2],sourceMap:m[3],supports:m[4],layer:m[5]};if(-1!==d)r[d].references++,r[d].updater(p);else{var c=function(n,r){var e=r.domAPI(r);return e.update(n),function(r){r?(r.css!==n.css||r.media!==n.media||r.sourceMap!==n.sourceMap||r.supports!==n.supports||r.layer!==n.layer)&&e.update(n=r):e.remove()}}(p,t);t.byIndex=i,r.splice(i,0,{identifier:s,updater:c,references:1})}a.push(s)}return a}n.exports=function(n,o){var a=t(n=n||[],o=o||{});return function(n){n=n||[];for(var i=0;i<a.length;i++){var m=e(a[i]);r[m].references--}for(var b=t(n,o),l=0;l<a.length;l++){var s=e(a[l]);0===r[s].references&&(r[s].updater(),r.splice(s,1))}a=b}}},16(n){var r={};n.exports=function(n,e){var t=function(n){if(void 0===r[n]){var e=document.querySelector(n);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(n){e=null}r[n]=e}return r[n]}(n);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(e)}},18(n){n.exports=function(n){var r=document.createElement("style");return n.setAttributes(r,n.attributes),n.insert(r,n.options),r}},17(n,r,e){n.exports=function(n){var r=e.nc;r&&n.setAttribute("nonce",r)}},15(n){n.exports=function(n){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=n.insertStyleElement(n);return{update:function(e){var t,o,a;t="",e.supports&&(t+="@supports (".concat(e.supports,") {")),e.media&&(t+="@media ".concat(e.media," {")),(o=void 0!==e.layer)&&(t+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),t+=e.css,o&&(t+="}"),e.media&&(t+="}"),e.supports&&(t+="}"),(a=e.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),n.styleTagTransform(t,r,n.options)},remove:function(){var n;null===(n=r).parentNode||n.parentNode.removeChild(n)}}}},19(n){n.exports=function(n,r){if(r.styleSheet)r.styleSheet.cssText=n;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(n))}}}}]);