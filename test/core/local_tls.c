#include "local_tls.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static EVP_PKEY *new_key(void) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
  assert_non_null(context);
  assert_int_equal(EVP_PKEY_keygen_init(context), 1);
  assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1), 1);
  assert_int_equal(EVP_PKEY_keygen(context, &key), 1);
  EVP_PKEY_CTX_free(context);
  return key;
}

static void add_extension(X509 *cert, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  assert_non_null(extension);
  assert_int_equal(X509_add_ext(cert, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

static X509 *self_signed(EVP_PKEY *key) {
  X509 *cert = X509_new();
  assert_non_null(cert);
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)getpid());
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), 24L * 3600);
  X509_set_pubkey(cert, key);
  X509_NAME *name = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"local test server", -1, -1, 0);
  X509_set_issuer_name(cert, name);
  add_extension(cert, NID_basic_constraints, "CA:TRUE");
  add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
  return cert;
}

static int choose_http_1(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                         unsigned in_len, void *arg) {
  static const unsigned char ours[] = "\x08http/1.1";
  unsigned char *chosen;
  (void)ssl;
  (void)arg;
  int found = SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

void local_tls_make(local_tls *tls) {
  snprintf(tls->folder, sizeof tls->folder, P_tmpdir "/ptn-tls-XXXXXX");
  assert_non_null(mkdtemp(tls->folder));
  snprintf(tls->cert_file, sizeof tls->cert_file, "%s/cert.pem", tls->folder);
  snprintf(tls->key_file, sizeof tls->key_file, "%s/key.pem", tls->folder);

  EVP_PKEY *key = new_key();
  X509 *cert = self_signed(key);
  FILE *file = fopen(tls->cert_file, "w");
  assert_non_null(file);
  assert_int_equal(PEM_write_X509(file, cert), 1);
  fclose(file);
  file = fopen(tls->key_file, "w");
  assert_non_null(file);
  assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
  fclose(file);

  tls->context = SSL_CTX_new(TLS_server_method());
  assert_non_null(tls->context);
  assert_int_equal(SSL_CTX_use_certificate(tls->context, cert), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey(tls->context, key), 1);
  SSL_CTX_set_alpn_select_cb(tls->context, choose_http_1, NULL);
  X509_free(cert);
  EVP_PKEY_free(key);
}

void local_tls_free(local_tls *tls) {
  SSL_CTX_free(tls->context);
  unlink(tls->cert_file);
  unlink(tls->key_file);
  rmdir(tls->folder);
}
