import { register } from "./offline.js";

register();
