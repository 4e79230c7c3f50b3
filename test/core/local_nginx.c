#include "local_nginx.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "local_call.h"
#include "support.h"

static const char template[] =
    "daemon off;\n"
    "worker_processes 1;\n"
    "%s" /* user */
    "pid pid;\n"
    "error_log error.log;\n"
    "events { worker_connections 4096; }\n"
    "http {\n"
    "  log_format short '$pid $connection $request_method $uri';\n"
    "  access_log access.log short;\n"
    "  client_body_temp_path body;\n"
    "  proxy_temp_path proxy;\n"
    "  fastcgi_temp_path fastcgi;\n"
    "  uwsgi_temp_path uwsgi;\n"
    "  scgi_temp_path scgi;\n"
    "  server {\n"
    "    listen 127.0.0.1:%d ssl http2 backlog=1024;\n"
    "    ssl_certificate %s;\n"
    "    ssl_certificate_key %s;\n"
    "    %s\n" /* extra */
    "    location / {\n"
    "      proxy_pass http://127.0.0.1:%d;\n"
    "      proxy_buffering off;\n"
    "      proxy_next_upstream off;\n"
    "    }\n"
    "  }\n"
    "}\n";

static const char *program(void) {
  static const char *const places[] = {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/sbin/nginx"};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (access(places[i], X_OK) == 0) return places[i];
  }
  return NULL;
}

static bool accepts(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
  close(fd);
  return ok;
}

static void run(const char *nginx, const char *folder) {
  char conf[96];
  int null = open("/dev/null", O_RDWR);
  snprintf(conf, sizeof conf, "%s/nginx.conf", folder);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
  if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(9);
  execl(nginx, "nginx", "-p", folder, "-c", conf, (char *)NULL);
  _exit(9);
}

bool local_nginx_start(local_nginx *n, const local_server *behind, const local_tls *tls, const char *extra) {
  const char *nginx = program();
  char conf[96];
  memset(n, 0, sizeof *n);
  if (!nginx) {
    print_message("skipped: nginx is not installed\n");
    return false;
  }
  n->port = local_unused_port();
  snprintf(n->url, sizeof n->url, "https://127.0.0.1:%d", n->port);
  snprintf(n->folder, sizeof n->folder, P_tmpdir "/ptn-nginx-XXXXXX");
  assert_non_null(mkdtemp(n->folder));
  snprintf(n->log, sizeof n->log, "%s/access.log", n->folder);
  snprintf(conf, sizeof conf, "%s/nginx.conf", n->folder);
  FILE *file = fopen(conf, "w");
  assert_non_null(file);
  fprintf(file, template, geteuid() == 0 ? "user root;\n" : "", n->port, tls->cert_file, tls->key_file,
          extra ? extra : "", local_server_port(behind));
  fclose(file);

  n->master = fork();
  assert_true(n->master >= 0);
  if (n->master == 0) run(nginx, n->folder);
  for (int i = 0; i < 2000; i++) {
    if (accepts(n->port)) return true;
    if (waitpid(n->master, NULL, WNOHANG) == n->master) n->master = 0;
    if (n->master == 0) break;
    local_nap(5);
  }
  print_message("skipped: this nginx can't be used\n");
  local_nginx_stop(n);
  return false;
}

/* The folder holds files, and folders for temporary ones that are empty by now. */
static void remove_folder(const char *folder) {
  char path[512];
  DIR *dir = opendir(folder);
  if (!dir) return;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (unlink(path) != 0) remove_folder(path);
  }
  closedir(dir);
  rmdir(folder);
}

void local_nginx_stop(local_nginx *n) {
  if (n->master > 0) {
    kill(n->master, SIGTERM);
    waitpid(n->master, NULL, 0);
  }
  if (n->folder[0]) remove_folder(n->folder);
  memset(n, 0, sizeof *n);
}

local_nginx_report local_nginx_read(const local_nginx *n, const char *target) {
  enum { MANY = 1024 };
  local_nginx_report report = {0};
  long seen[MANY], connection, worker;
  char line[512];
  FILE *file = fopen(n->log, "r");
  if (!file) return report;
  while (fgets(line, sizeof line, file)) {
    int at = 0, i = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%ld %ld %n", &worker, &connection, &at) != 2 || (target && strcmp(line + at, target) != 0)) {
      continue;
    }
    report.requests++;
    report.last_connection = connection;
    report.last_worker = (pid_t)worker;
    while (i < report.connections && seen[i] != connection) i++;
    if (i == report.connections && i < MANY) seen[report.connections++] = connection;
  }
  fclose(file);
  return report;
}
