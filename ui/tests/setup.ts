import "@testing-library/jest-dom/vitest";

import { beforeEach } from "vitest";

import { speak } from "../src/i18n/locale.svelte";

beforeEach(() => {
  speak("en");
});
