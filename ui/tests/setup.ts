import "@testing-library/jest-dom/vitest";

import { configure } from "@testing-library/svelte";
import { beforeEach } from "vitest";

import { speak } from "../src/i18n/locale.svelte";

// Only spent on failure: no machine is so slow.
configure({ asyncUtilTimeout: 300_000 });

beforeEach(() => {
  speak("en");
});
