/* The words for a claim number in a guise. */
#include "explanation_order_no.h"

#include "base/words/language.h"
#include "input/value/order_no.h"
#include "input/value/text.h"

const char *explanation_order_no(struct value value)
{
    unsigned kinds = text_kinds(value);

    switch (order_no_guise_find(value, kinds)) {
    case ORDER_APOSTROPHE:
        return _("begins or ends with an apostrophe or backtick, which a tool put there so that a "
                 "spreadsheet keeps the digits: export it without");
    case ORDER_ENTITY:
        return _("has an HTML entity such as &nbsp; in it: export it as plain text");
    case ORDER_LOOKALIKE:
        return _("has characters that only look like ASCII (full-width forms, blanks, quotes, "
                 "dashes or letters of another kind): type it anew in half width");
    case ORDER_UNFILLED:
        return _("stands where there is no claim number: look it up and write it");
    case ORDER_LABELLED:
        return _(
            "begins with the name of a number: write the claim number alone, and see that it is "
            "the claim number and no other");
    case ORDER_WRAPPED:
        return _("has quotes, brackets, a formula or a separator around it, which are no part of a "
                 "number: write the number alone");
    case ORDER_CUT:
        return _("is not the whole number, as a screen cuts or masks it: export it in full");
    case ORDER_SIGNED:
        return _("has a sign, as a number to count with: look the claim number up and write it");
    case ORDER_LOSSY:
        return _("has a question mark, as programs write for a character that they cannot write: "
                 "look the claim number up and write it");
    case ORDER_BROKEN:
        if (!order_no_is_list(value, kinds))
            return _("has a line break or a tab inside, which nobody sees and which makes another "
                     "number of it: take it out");
        break;
    case ORDER_GENUINE:
        break;
    }
    return order_no_is_list(value, kinds)
               ? _("holds several numbers: write one row for each")
               : _("looks unlike the other numbers of this column, or is none as this office has "
                   "them (see --order-no-pattern), or holds several: correct it");
}
