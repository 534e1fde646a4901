// Prints the version of a package and of Node.
import { createRequire } from "node:module";

const name = process.argv[2];
const { version } = createRequire(import.meta.url)(`${name}/package.json`);
console.log(`${name} ${version}, Node ${process.version}`);
