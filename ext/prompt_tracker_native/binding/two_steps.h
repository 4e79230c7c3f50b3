#ifndef PTB_TWO_STEPS_H
#define PTB_TWO_STEPS_H

/* How call_many of either service makes an assistant's call in two steps: tells `item` about it. */
void ptb_init_two_steps(void);

#endif
