#include "status.h"

const char *ptn_status_name(ptn_status status) {
  switch (status) {
#define PTN_STATUS_CASE(name, text) \
  case PTN_##name:                  \
    return "PTN_" #name;
    PTN_STATUS_LIST(PTN_STATUS_CASE)
#undef PTN_STATUS_CASE
  }
  return "PTN_UNKNOWN";
}

const char *ptn_status_text(ptn_status status) {
  switch (status) {
#define PTN_STATUS_CASE(name, text) \
  case PTN_##name:                  \
    return text;
    PTN_STATUS_LIST(PTN_STATUS_CASE)
#undef PTN_STATUS_CASE
  }
  return "unknown status";
}
