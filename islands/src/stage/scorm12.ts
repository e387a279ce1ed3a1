/* The player of SCORM 1.2, on the stage. */
import * as library from "scorm-again/scorm12/min";
import { begin, type Made } from "./around.ts";

// The library's types name another export than it has.
const { Scorm12API } = library as unknown as { Scorm12API: Made };
const player = new Scorm12API({ autocommit: true, autocommitSeconds: 5, logLevel: 5 });
Object.assign(window, { API: player });
begin(player, ["LMSCommit", "LMSFinish", "LMSSetValue"]);
