#ifndef PTB_SETTINGS_H
#define PTB_SETTINGS_H

#include "errors.h"

/* PromptTracker::Native.configuration, and what it says of one setting. */
static inline VALUE ptb_configuration(void) { return rb_funcall(ptb_mNative, rb_intern("configuration"), 0); }
#define ptb_setting(name) rb_funcall(ptb_configuration(), rb_intern("" name), 0)

#endif
