/* The player of SCORM 2004, on the stage. */
import * as library from "scorm-again/scorm2004/min";
import { begin, type Made } from "./around.ts";

// The library's types name another export than it has.
const { Scorm2004API } = library as unknown as { Scorm2004API: Made };
const player = new Scorm2004API({ autocommit: true, autocommitSeconds: 5, logLevel: 5 });
Object.assign(window, { API_1484_11: player });
begin(player, ["Commit", "Terminate", "SetValue"]);
