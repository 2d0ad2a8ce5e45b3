// The JupyterLab extension: what is registered, and nothing else.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";

import { bars } from "./bars";
import { commands } from "./commands";
import { completion } from "./completion";
import { highlighting } from "./highlighting";
import { records } from "./records";
import { usage } from "./usage";

const plugins: JupyterFrontEndPlugin<void>[] = [
  records,
  bars,
  highlighting,
  completion,
  usage,
  commands,
];
export default plugins;
