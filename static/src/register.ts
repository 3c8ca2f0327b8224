/** The staff register by keyboard: j and k or the arrows move from row to row, Enter opens one, / goes to the search. */

import { foldFilters } from "./register/fold-filters";
import { RowKeys } from "./register/row-keys";
import { closeOneAnother } from "./register/close-one-another";

const table = document.querySelector<HTMLTableElement>("[data-part=register]");
if (table) new RowKeys(table).listen();
closeOneAnother(document.querySelectorAll<HTMLDetailsElement>("details.menu"));

const toggle = document.querySelector<HTMLButtonElement>("[data-part=filters-toggle]");
if (toggle) foldFilters(toggle);
