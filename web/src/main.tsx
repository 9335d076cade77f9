import { render } from "preact";
import { App } from "./app";
import { LANGUAGES, type Language } from "./lib/format";
import { startHot } from "./lib/hot";
import { startMotion } from "./lib/motion";
import { startRouting } from "./lib/route";
import { chooseLanguage, setLanguage } from "./lib/text";
import { remembered, startTheme } from "./lib/theme";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/status.css";
import "./styles/list.css";
import "./styles/pages.css";

const kept = remembered("language") as Language | null;

startTheme();
startRouting();
startHot();
startMotion();
void setLanguage(kept && LANGUAGES.includes(kept) ? kept : chooseLanguage(navigator.languages)).then(() => render(<App />, document.getElementById("app")!));
