/** A window on the fake platform, as a person meets it. */

import { render, screen } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";

import App from "../src/App.svelte";
import type { FakePlatform } from "../src/platform/fake";

export async function openWindow(platform: FakePlatform): Promise<UserEvent> {
  render(App, { platform });
  await screen.findByRole("main");
  return userEvent.setup();
}

/** The rows of the list, from the top. */
export function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

/** The titles of the rows, from the top. */
export function titles(): string[] {
  return rows().map((row) => row.querySelector(".title")?.textContent ?? "");
}

export async function row(title: string): Promise<HTMLElement> {
  return screen.findByRole("button", { name: new RegExp(title) });
}
