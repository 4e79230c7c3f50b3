#ifndef PTN_TEST_LOCAL_NAMES_H
#define PTN_TEST_LOCAL_NAMES_H

#include <stdbool.h>

/*
 * A test program that calls any of these has a getaddrinfo of its own, which libcurl uses too:
 *   local.test, localhost   127.0.0.1
 *   two.test                ::1, then 127.0.0.1
 *   slow…                   127.0.0.1, but only once local_names_release(true) was called
 *   any other               unknown
 */
void local_names_release(bool release);
int local_names_waiting(void); /* look-ups that wait for it */

#endif
