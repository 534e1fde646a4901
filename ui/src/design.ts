/**
 * The interface in a plain browser over the fake platform, for working on its looks: `npm run dev`,
 * then open /design.html. `/design.html#captive_portal,ru,dark` shows a state, in a language and a
 * theme; the states are those of {@link states}. It is not part of the build.
 */

import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import App from "./App.svelte";
import type { Preferences } from "./generated/Preferences";
import { FakePlatform } from "./platform/fake";
import { sampleInbox } from "./platform/sample";
import { states } from "./platform/states";
import { root } from "./root";

const [name = "", language = "en", theme = "light"] = location.hash.slice(1).split(",");
const preferences = { language, theme, isSwitchedOff: false } as Preferences;
const platform = new FakePlatform(sampleInbox(new Date()), {
  ...states[name],
  language: language === "ru" ? "ru" : "en",
  preferences,
});
mount(App, { target: root(), props: { platform } });
Object.assign(globalThis, { platform });
