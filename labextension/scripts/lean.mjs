// Packages of markdown-it's whose tables the browser already has, and what stands in for them. Together
// they are 40 kB that every widget of every notebook would carry.

import { fileURLToPath } from "node:url";

/** @param {string} name */
const own = (name) => fileURLToPath(new URL(`../src/markdown/lean/${name}.ts`, import.meta.url));

export const LEAN = {
  entities: own("entities"),
  "linkify-it": own("linkify-it"),
  mdurl: own("mdurl"),
  "punycode.js": own("punycode"),
  "uc.micro": own("uc-micro"),
};
