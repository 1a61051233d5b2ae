/*
 * The calls that place.c lets fail, and how a failure of each is told. What cannot fail, what asks
 * (X509_cmp, BN_is_zero, OBJ_nid2sn …) and what answers "no" with the same value as "failed" where
 * only OpenSSL's error queue tells them apart is not here.
 */

/* Of OpenSSL, by subca itself: 0 or NULL.
 * Not BN_CTX_get: after one NULL all are, and the last alone is looked at. */
#define OPENSSL_ZERO(X)                      \
	X(ACCESS_DESCRIPTION_new)            \
	X(ASN1_BIT_STRING_new)               \
	X(ASN1_BIT_STRING_set)               \
	X(ASN1_BIT_STRING_set_bit)           \
	X(ASN1_ENUMERATED_get_int64)         \
	X(ASN1_ENUMERATED_new)               \
	X(ASN1_ENUMERATED_set)               \
	X(ASN1_GENERALIZEDTIME_set)          \
	X(ASN1_IA5STRING_new)                \
	X(ASN1_INTEGER_get_int64)            \
	X(ASN1_INTEGER_get_uint64)           \
	X(ASN1_INTEGER_new)                  \
	X(ASN1_INTEGER_set)                  \
	X(ASN1_INTEGER_set_int64)            \
	X(ASN1_INTEGER_to_BN)                \
	X(ASN1_NULL_new)                     \
	X(ASN1_OCTET_STRING_dup)             \
	X(ASN1_OCTET_STRING_new)             \
	X(ASN1_OCTET_STRING_set)             \
	X(ASN1_STRING_set)                   \
	X(ASN1_TIME_adj)                     \
	X(ASN1_TIME_set)                     \
	X(ASN1_TIME_set_string_X509)         \
	X(ASN1_TIME_to_tm)                   \
	X(ASN1_TYPE_pack_sequence)           \
	X(ASN1_TYPE_unpack_sequence)         \
	X(ASN1_item_d2i)                     \
	X(ASN1_item_new)                     \
	X(ASN1_item_unpack)                  \
	X(AUTHORITY_INFO_ACCESS_new)         \
	X(AUTHORITY_KEYID_new)               \
	X(BASIC_CONSTRAINTS_new)             \
	X(BIO_meth_new)                      \
	X(BIO_new)                           \
	X(BIO_new_file)                      \
	X(BIO_new_fp)                        \
	X(BIO_new_mem_buf)                   \
	X(BN_CTX_new)                        \
	X(BN_CTX_secure_new)                 \
	X(BN_add)                            \
	X(BN_add_word)                       \
	X(BN_bin2bn)                         \
	X(BN_bn2hex)                         \
	X(BN_copy)                           \
	X(BN_div)                            \
	X(BN_dup)                            \
	X(BN_lshift)                         \
	X(BN_mod_mul)                        \
	X(BN_mul)                            \
	X(BN_new)                            \
	X(BN_rshift)                         \
	X(BN_secure_new)                     \
	X(BN_set_word)                       \
	X(BN_sqr)                            \
	X(BN_sub)                            \
	X(BN_sub_word)                       \
	X(BN_to_ASN1_INTEGER)                \
	X(CERTIFICATEPOLICIES_new)           \
	X(CMS_add0_recipient_password)       \
	X(CMS_add1_signer)                   \
	X(CMS_decrypt)                       \
	X(CMS_decrypt_set1_password)         \
	X(CMS_encrypt)                       \
	X(CMS_sign)                          \
	X(CMS_verify)                        \
	X(CRL_DIST_POINTS_new)               \
	X(CRYPTO_memdup)                     \
	X(DIST_POINT_NAME_new)               \
	X(DIST_POINT_new)                    \
	X(ECDSA_SIG_new)                     \
	X(ECDSA_SIG_set0)                    \
	X(EC_GROUP_new_by_curve_name)        \
	X(EC_POINT_new)                      \
	X(EVP_Digest)                        \
	X(EVP_DigestFinal_ex)                \
	X(EVP_DigestInit_ex)                 \
	X(EVP_DigestSign)                    \
	X(EVP_DigestSignInit)                \
	X(EVP_DigestUpdate)                  \
	X(EVP_DigestVerifyInit)              \
	X(EVP_ENCODE_CTX_new)                \
	X(EVP_EncodeUpdate)                  \
	X(EVP_MD_CTX_new)                    \
	X(EVP_MD_fetch)                      \
	X(EVP_PKCS82PKEY)                    \
	X(EVP_PKEY2PKCS8)                    \
	X(EVP_PKEY_CTX_new_from_name)        \
	X(EVP_PKEY_CTX_new_from_pkey)        \
	X(EVP_PKEY_CTX_set_rsa_padding)      \
	X(EVP_PKEY_CTX_set_rsa_pss_saltlen)  \
	X(EVP_PKEY_CTX_set_signature_md)     \
	X(EVP_PKEY_Q_keygen)                 \
	X(EVP_PKEY_fromdata)                 \
	X(EVP_PKEY_fromdata_init)            \
	X(EVP_PKEY_get_bn_param)             \
	X(EVP_PKEY_get_int_param)            \
	X(EVP_PKEY_get_octet_string_param)   \
	X(EVP_PKEY_get_raw_private_key)      \
	X(EVP_PKEY_get_raw_public_key)       \
	X(EVP_PKEY_new_raw_public_key)       \
	X(EVP_PKEY_todata)                   \
	X(EVP_PKEY_verify_init)              \
	X(EVP_Q_digest)                      \
	X(EVP_get_digestbyname)              \
	X(EXTENDED_KEY_USAGE_new)            \
	X(GENERAL_NAMES_new)                 \
	X(GENERAL_NAME_new)                  \
	X(OBJ_txt2obj)                       \
	X(OCSP_BASICRESP_new)                \
	X(OCSP_REQUEST_new)                  \
	X(OCSP_RESPID_new)                   \
	X(OCSP_RESPID_set_by_key)            \
	X(OCSP_basic_add1_status)            \
	X(OCSP_cert_id_new)                  \
	X(OCSP_request_add0_id)              \
	X(OCSP_response_create)              \
	X(OPENSSL_sk_new_null)               \
	X(OPENSSL_sk_push)                   \
	X(OPENSSL_sk_unshift)                \
	X(OSSL_PARAM_BLD_new)                \
	X(OSSL_PARAM_BLD_push_BN)            \
	X(OSSL_PARAM_BLD_push_octet_string)  \
	X(OSSL_PARAM_BLD_push_utf8_string)   \
	X(OSSL_PARAM_BLD_to_param)           \
	X(PEM_read_bio_PrivateKey)           \
	X(PEM_read_bio_X509)                 \
	X(PEM_read_bio_X509_CRL)             \
	X(PEM_write_PKCS7)                   \
	X(PEM_write_bio)                     \
	X(PEM_write_bio_PKCS8)               \
	X(PEM_write_bio_PKCS8PrivateKey)     \
	X(PEM_write_bio_PKCS8_PRIV_KEY_INFO) \
	X(PEM_write_bio_X509)                \
	X(PEM_write_bio_X509_REQ)            \
	X(PKCS11_CTX_new)                    \
	X(PKCS12_SAFEBAG_create_cert)        \
	X(PKCS12_add_safes)                  \
	X(PKCS12_set_mac)                    \
	X(PKCS5_pbe2_set_iv)                 \
	X(PKCS7_add_certificate)             \
	X(PKCS7_ctrl)                        \
	X(PKCS7_new)                         \
	X(PKCS7_set_type)                    \
	X(PKCS8_decrypt)                     \
	X(PKCS8_set0_pbe)                    \
	X(POLICYINFO_new)                    \
	X(RAND_bytes)                        \
	X(SSL_CTX_new)                       \
	X(SSL_accept)                        \
	X(SSL_new)                           \
	X(SSL_read)                          \
	X(SSL_set_ex_data)                   \
	X(SSL_set_fd)                        \
	X(SSL_use_PrivateKey)                \
	X(SSL_use_certificate)               \
	X(SSL_write)                         \
	X(X509V3_EXT_conf_nid)               \
	X(X509V3_EXT_i2d)                    \
	X(X509V3_add1_i2d)                   \
	X(X509_ALGOR_dup)                    \
	X(X509_ALGOR_new)                    \
	X(X509_ALGOR_set0)                   \
	X(X509_ATTRIBUTE_create_by_NID)      \
	X(X509_ATTRIBUTE_create_by_OBJ)      \
	X(X509_CRL_new)                      \
	X(X509_CRL_set1_lastUpdate)          \
	X(X509_CRL_set1_nextUpdate)          \
	X(X509_CRL_set_issuer_name)          \
	X(X509_CRL_set_version)              \
	X(X509_CRL_sign)                     \
	X(X509_NAME_add_entry_by_NID)        \
	X(X509_NAME_add_entry_by_txt)        \
	X(X509_NAME_dup)                     \
	X(X509_NAME_new)                     \
	X(X509_NAME_oneline)                 \
	X(X509_REQ_add_extensions)           \
	X(X509_REQ_new)                      \
	X(X509_REQ_set_pubkey)               \
	X(X509_REQ_set_subject_name)         \
	X(X509_REQ_set_version)              \
	X(X509_REQ_sign)                     \
	X(X509_SIG_new)                      \
	X(X509_STORE_CTX_init)               \
	X(X509_STORE_CTX_new)                \
	X(X509_STORE_CTX_set_ex_data)        \
	X(X509_STORE_add_cert)               \
	X(X509_STORE_new)                    \
	X(X509_VAL_new)                      \
	X(X509_VERIFY_PARAM_set1_host)       \
	X(X509_VERIFY_PARAM_set1_policies)   \
	X(X509_VERIFY_PARAM_set_purpose)     \
	X(X509_add_cert)                     \
	X(X509_add_ext)                      \
	X(X509_digest)                       \
	X(X509_get_pubkey)                   \
	X(X509_new)                          \
	X(X509_set_issuer_name)              \
	X(X509_set_pubkey)                   \
	X(X509_set_subject_name)             \
	X(X509_set_version)                  \
	X(X509_sign)                         \
	X(X509_sign_ctx)                     \
	X(d2i_ASN1_BIT_STRING)               \
	X(d2i_ASN1_OCTET_STRING)             \
	X(d2i_ASN1_TIME)                     \
	X(d2i_ASN1_TYPE)                     \
	X(d2i_CMS_bio)                       \
	X(d2i_OCSP_BASICRESP)                \
	X(d2i_PKCS8_PRIV_KEY_INFO)           \
	X(d2i_PUBKEY)                        \
	X(d2i_PrivateKey)                    \
	X(d2i_X509)                          \
	X(d2i_X509_ALGOR)                    \
	X(d2i_X509_CRL)                      \
	X(d2i_X509_EXTENSIONS)               \
	X(d2i_X509_NAME)                     \
	X(d2i_X509_REQ)                      \
	X(d2i_X509_SIG)

/* Of OpenSSL and libp11, by subca itself: -1. */
#define OPENSSL_MINUS(X)          \
	X(ASN1_STRING_to_UTF8)    \
	X(ASN1_item_i2d)          \
	X(BIO_write)              \
	X(BN_bn2binpad)           \
	X(BN_bn2lebinpad)         \
	X(EVP_DigestVerify)       \
	X(PKCS11_CTX_load)        \
	X(PKCS11_enumerate_slots) \
	X(PKCS11_init_pin)        \
	X(PKCS11_init_token)      \
	X(PKCS11_login)           \
	X(PKCS11_open_session)    \
	X(X509_verify)            \
	X(X509_CRL_verify)        \
	X(X509_REQ_verify)        \
	X(X509_verify_cert)       \
	X(i2d_ASN1_BIT_STRING)    \
	X(i2d_ASN1_INTEGER)       \
	X(i2d_ASN1_OBJECT)        \
	X(i2d_ASN1_OCTET_STRING)  \
	X(i2d_ASN1_SEQUENCE_ANY)  \
	X(i2d_ASN1_TIME)          \
	X(i2d_CMS_ContentInfo)    \
	X(i2d_ECDSA_SIG)          \
	X(i2d_ISSUING_DIST_POINT) \
	X(i2d_OCSP_REQUEST)       \
	X(i2d_OCSP_RESPONSE)      \
	X(i2d_PKCS12)             \
	X(i2d_PKCS12_SAFEBAG)     \
	X(i2d_X509)               \
	X(i2d_X509_ALGOR)         \
	X(i2d_X509_CRL)           \
	X(i2d_X509_EXTENSIONS)    \
	X(i2d_X509_NAME)          \
	X(i2d_X509_PUBKEY)        \
	X(i2d_X509_SIG)           \
	X(i2d_re_X509_REQ_tbs)

/* Of the system, whoever calls below subca's own code (SQLite, OpenSSL, stdio): -1 and errno. */
#define SYSTEM_MINUS(X)          \
	X(open, EMFILE)          \
	X(open64, EMFILE)        \
	X(read, EIO)             \
	X(write, ENOSPC)         \
	X(pread64, EIO)          \
	X(pwrite64, ENOSPC)      \
	X(fsync, EIO)            \
	X(fdatasync, EIO)        \
	X(syncfs, EIO)           \
	X(lseek, EIO)            \
	X(ftruncate, EIO)        \
	X(ftruncate64, EIO)      \
	X(rename, EIO)           \
	X(renameat2, EIO)        \
	X(link, EIO)             \
	X(unlink, EIO)           \
	X(rmdir, EIO)            \
	X(mkdir, ENOSPC)         \
	X(mkdtemp, ENOSPC)       \
	X(mkostemp, EMFILE)      \
	X(mkostemp64, EMFILE)    \
	X(memfd_create, EMFILE)  \
	X(stat, EIO)             \
	X(lstat, EIO)            \
	X(fstat, EIO)            \
	X(stat64, EIO)           \
	X(lstat64, EIO)          \
	X(fstat64, EIO)          \
	X(faccessat, EIO)        \
	X(fchmod, EPERM)         \
	X(flock, EIO)            \
	X(fcntl, EIO)            \
	X(fcntl64, EIO)          \
	X(mmap, ENOMEM)          \
	X(mmap64, ENOMEM)        \
	X(clock_gettime, EINVAL) \
	X(readlink, EIO)         \
	X(pipe2, EMFILE)         \
	X(eventfd, EMFILE)       \
	X(socket, EMFILE)        \
	X(bind, EADDRINUSE)      \
	X(listen, EADDRINUSE)    \
	X(accept4, EMFILE)       \
	X(getsockname, ENOBUFS)  \
	X(setsockopt, ENOBUFS)   \
	X(poll, ENOMEM)          \
	X(ppoll, ENOMEM)         \
	X(fork, EAGAIN)          \
	X(unshare, EPERM)        \
	X(waitpid, ECHILD)       \
	X(getrandom, EIO)        \
	X(getentropy, EIO)       \
	X(nftw, EIO)             \
	X(nftw64, EIO)           \
	X(scandir, EIO)          \
	X(scandir64, EIO)        \
	X(fseek, EIO)            \
	X(fseeko, EIO)           \
	X(fseeko64, EIO)         \
	X(ftello, EIO)           \
	X(ftello64, EIO)         \
	X(fflush, ENOSPC)        \
	X(fclose, ENOSPC)

/* The same, told with NULL. */
#define SYSTEM_NULL(X)            \
	X(opendir, EMFILE)        \
	X(fopen, EMFILE)          \
	X(fopen64, EMFILE)        \
	X(fdopen, ENOMEM)         \
	X(open_memstream, ENOMEM) \
	X(realpath, EIO)

/* The same, told by the result: an errno of its own. */
#define SYSTEM_CODE(X)                           \
	X(posix_spawn, EAGAIN)                   \
	X(posix_spawn_file_actions_init, ENOMEM) \
	X(posix_spawnattr_init, ENOMEM)          \
	X(pthread_create, EAGAIN)
