/**
 * The interface in a plain browser over the fake platform, for working on its looks: `npm run dev`,
 * then open /design.html. It is not part of the build.
 */

import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { FakePlatform } from "./platform/fake";
import { sampleInbox } from "./platform/sample";
import { root } from "./root";

const platform = new FakePlatform(sampleInbox(new Date()));
mount(App, { target: root(), props: { platform } });
Object.assign(globalThis, { platform });
