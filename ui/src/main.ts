import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { tauriPlatform } from "./platform/tauri";
import { root } from "./root";

mount(App, { target: root(), props: { platform: tauriPlatform() } });
