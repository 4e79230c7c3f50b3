#ifndef PTN_OUTCOME_H
#define PTN_OUTCOME_H

#include "exchange.h"

/* What libcurl's result means for the exchange, a cancellation and the limits included. Engine thread only. */
ptn_status ptn_outcome(const ptn_exchange *exchange, CURLcode code);

#endif
