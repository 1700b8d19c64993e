/* office: the people of a history: what they type, and when. */
#ifndef OFFICE_H
#define OFFICE_H

#define OFFICE_WORDS "words.txt" /* what the program says goes there */

/* Runs the plan of the world in the folder at hand, which is empty; the first violation is in the
 * world. */
void office_run(void);

#endif
