#ifndef PTN_ENGINE_H
#define PTN_ENGINE_H

#include <stdbool.h>

#include "exchange.h"

/* The one thread of a process that touches libcurl. It owns a multi handle, and with it every connection,
 * and performs the exchanges that other threads hand it. It starts with the first exchange. */

/* Once, when the library is loaded: libcurl's global state and the fork handlers. */
ptn_status ptn_engine_load(void);

/* Any thread. Hands over an exchange; the engine takes a reference of its own. PTN_OK, PTN_E_THREAD where
 * the engine can't start, PTN_E_STOPPED while the process exits. */
ptn_status ptn_engine_submit(ptn_exchange *exchange);

/* The same for an exchange that nobody waits for: it ends by itself after `seconds`. While the process exits the engine
 * carries it on for as long as it may. */
ptn_status ptn_engine_fire(ptn_exchange *exchange, double seconds);

/* Any thread, never waits: the exchange ends soon with `reason`, if it hasn't ended by then. With
 * PTN_E_TIMEOUT or PTN_E_IDLE a connection that leads nowhere is given up as well. */
void ptn_engine_cancel(ptn_exchange *exchange, ptn_status reason);

/* True where the exchange was submitted by this process and not by its parent before a fork. */
bool ptn_engine_owns(const ptn_exchange *exchange);

/* Stops the thread, for the exit of the process: waits at most `seconds`, which only what was fired can take up, and
 * cleans nothing up. */
void ptn_engine_stop(double seconds);

/* For tests: how many exchanges and sockets the engine holds. */
int ptn_engine_active(void);

#endif
