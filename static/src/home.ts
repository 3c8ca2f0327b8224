/** The home page's script: the list works at once, the map follows when its library has come. */

import { HomePage } from "./home/home-page";
import type { HomeConfig } from "./lib/home-config";

const config = JSON.parse(document.getElementById("home-config")?.textContent ?? "{}") as HomeConfig;
void new HomePage(config).start();
