# shellcheck shell=bash
# What this machine says about where packages, gems and npm's packages come from. bin/matrix carries it into its systems.

# The mirror that apt takes Debian's own packages from. Empty where apt knows none.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v release="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" '$2 == release { print $1; exit }'
}

# The environment that decides how servers are reached, one NAME=VALUE a line. Folders of this machine are left out.
network_environment() {
  env | grep -E '^((https?|all|no|ftp)_proxy|(HTTPS?|ALL|NO|FTP)_PROXY)=' || true
  env | grep -E '^(SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS)=' || true
  env | grep -E '^BUNDLE_([A-Z0-9_]+__[A-Z0-9_]+|SSL_[A-Z_]+|TIMEOUT|RETRY)=' || true
  env | grep -iE '^npm_config_(registry|cafile|proxy|https_proxy|noproxy|strict_ssl)=' || true
}

# write_settings ROOT: nobody but root may read what may hold a password.
write_settings() {
  local root=$1
  (
    umask 077
    mkdir -p "$root/root/.bundle"
    apt_settings >"$root/etc/apt/apt.conf.d/01machine"
    gem_settings >"$root/root/.gemrc"
    bundler_settings >"$root/root/.bundle/config"
    npm_settings >"$root/root/.npmrc"
  )
  carry /etc/apt/auth.conf "$root"
  carry /etc/apt/auth.conf.d "$root"
  carry /etc/resolv.conf "$root"
  carry /etc/hosts "$root"
  carry /usr/local/share/ca-certificates "$root"
}

# Certificates that are named by their files, where the system's own packages don't bring them.
write_certificates() {
  local root=$1 name
  chroot "$root" update-ca-certificates >/dev/null 2>&1
  for name in SSL_CERT_FILE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS; do
    [ -z "${!name:-}" ] || [ -e "$root${!name}" ] || carry "${!name}" "$root"
  done
}

# carry PATH ROOT: a copy of a file or folder at the same place inside ROOT.
carry() {
  [ -e "$1" ] || return 0
  mkdir -p "$2$(dirname "$1")"
  cp -RLp --remove-destination -T "$1" "$2$1"
}

apt_settings() {
  apt-config dump 2>/dev/null | grep -E '^Acquire::([a-z]+::)*(Proxy|Verify-Peer|Verify-Host|CAInfo)\b' || true
  echo 'APT::Install-Recommends "false";'
}

gem_settings() {
  ruby -ryaml -e '
    settings = { sources: Gem.sources.map(&:to_s) }
    settings[:ssl_verify_mode] = Gem.configuration.ssl_verify_mode if Gem.configuration.ssl_verify_mode
    puts settings.to_yaml'
}

# Mirrors, hosts with their passwords, and TLS: not folders, nor groups that are left out here.
bundler_settings() {
  echo ---
  cat "${BUNDLE_USER_CONFIG:-$HOME/.bundle/config}" .bundle/config 2>/dev/null |
    grep -E '^BUNDLE_([A-Z0-9_]+__[A-Z0-9_]+|SSL_[A-Z_]+|TIMEOUT|RETRY):' || true
}

npm_settings() {
  command -v npm >/dev/null || return 0
  cat "$(npm config get globalconfig)" "$(npm config get userconfig)" 2>/dev/null |
    grep -E '(^|:)(registry|cafile|ca|proxy|https-proxy|noproxy|strict-ssl|_auth|_authToken|username|_password|always-auth)\s*=' || true
}
