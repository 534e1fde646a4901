/** The language in use, as state: texts in templates change with it, without a reload. */

import { overwriteGetLocale } from "./paraglide/runtime";
import type { Language } from "../generated/Language";

let current = $state<Language>("en");

overwriteGetLocale(() => current);

export function language(): Language {
  return current;
}

export function speak(next: Language): void {
  current = next;
  document.documentElement.lang = next;
}
