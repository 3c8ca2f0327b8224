/** The staff register by keyboard: j and k or the arrows move from row to row, Enter opens one, / goes to the search. */

import { RowKeys } from "./register/row-keys";
import { closeOneAnother } from "./register/menus";

const table = document.querySelector<HTMLTableElement>("[data-part=register]");
if (table) new RowKeys(table).listen();
closeOneAnother(document.querySelectorAll<HTMLDetailsElement>("details.menu"));
