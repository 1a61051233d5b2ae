#include "ca/lint/internal.h"

#include <pthread.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#define WHERE "subjectPublicKeyInfo"
#define RSA_BITS_MIN 2048
#define RSA_EXPONENT_USUAL 65537

/* The curves that verifiers know, and the octets of one coordinate. */
static const struct {
	int nid;
	size_t size;
} curves[] = {{NID_X9_62_prime256v1, 32}, {NID_secp384r1, 48}, {NID_secp521r1, 66}};
#define CURVES (sizeof curves / sizeof *curves)

static int key_parameter_type(const struct lint_subject *s)
{
	return s->spki->algorithm->parameter ? s->spki->algorithm->parameter->type : V_ASN1_UNDEF;
}

/* NID_undef where no curve is named. */
static int key_curve(const struct lint_subject *s)
{
	if (s->key_nid != NID_X9_62_id_ecPublicKey || key_parameter_type(s) != V_ASN1_OBJECT)
		return NID_undef;
	return OBJ_obj2nid(s->spki->algorithm->parameter->value.object);
}

static size_t curve_size(int nid)
{
	for (size_t i = 0; i < CURVES; i++)
		if (curves[i].nid == nid)
			return curves[i].size;
	return 0;
}

static bool is_edwards(const struct lint_subject *s)
{
	return s->key_nid == NID_ED25519 || s->key_nid == NID_ED448;
}

static bool is_rsa(const struct lint_subject *s)
{
	return s->key_nid == NID_rsaEncryption || s->key_nid == NID_rsassaPss;
}

void lint_key_algorithm(const struct lint_subject *s, struct lint_report *report)
{
	char name[80] = "";

	if (is_rsa(s) || is_edwards(s) || s->key_nid == NID_X9_62_id_ecPublicKey)
		return;
	OBJ_obj2txt(name, sizeof name, s->spki->algorithm->algorithm, 0);
	lint_say(report, WHERE, "is a key for %s", name);
}

void lint_key_parameters(const struct lint_subject *s, struct lint_report *report)
{
	int type = key_parameter_type(s);

	if (s->key_nid == NID_rsaEncryption && type != V_ASN1_NULL)
		lint_say(report, WHERE, "has parameters other than NULL for RSA");
	else if (s->key_nid == NID_X9_62_id_ecPublicKey && type != V_ASN1_OBJECT)
		lint_say(report, WHERE, "names no curve");
	else if (is_edwards(s) && type != V_ASN1_UNDEF)
		lint_say(report, WHERE, "has parameters, where none belong");
}

void lint_key_curve(const struct lint_subject *s, struct lint_report *report)
{
	char name[80] = "";

	if (s->key_nid != NID_X9_62_id_ecPublicKey || key_parameter_type(s) != V_ASN1_OBJECT ||
	    curve_size(key_curve(s)))
		return;
	OBJ_obj2txt(name, sizeof name, s->spki->algorithm->parameter->value.object, 0);
	lint_say(report, WHERE, "is on the curve %s", name);
}

/* 0 where the octets do not have the shape of a point on a curve of that size. */
static int point_form(struct span point, size_t size)
{
	if (point.len == 1 + 2 * size && point.data[0] == POINT_CONVERSION_UNCOMPRESSED)
		return POINT_CONVERSION_UNCOMPRESSED;
	if (point.len == 1 + size && (point.data[0] & 0xFE) == POINT_CONVERSION_COMPRESSED)
		return POINT_CONVERSION_COMPRESSED;
	return 0;
}

static bool is_whole(const struct lint_subject *s)
{
	struct span key = lint_string(s->spki->key);
	size_t size = curve_size(key_curve(s));

	if (s->spki->key->flags & 0x07)
		return false;
	if (is_rsa(s))
		return s->rsa != NULL;
	if (is_edwards(s))
		return key.len == (s->key_nid == NID_ED25519 ? 32 : 57);
	return size == 0 || point_form(key, size);
}

void lint_key_malformed(const struct lint_subject *s, struct lint_report *report)
{
	if (!is_whole(s))
		lint_say(report, WHERE, "holds no key of its kind");
}

static EC_GROUP *groups[CURVES];
static pthread_once_t groups_made = PTHREAD_ONCE_INIT;

/* Each costs as much as a signature; they stay until the end. */
static void make_groups(void)
{
	for (size_t i = 0; i < CURVES; i++)
		groups[i] = EC_GROUP_new_by_curve_name(curves[i].nid);
}

static const EC_GROUP *group_of(int nid)
{
	pthread_once(&groups_made, make_groups);
	for (size_t i = 0; i < CURVES; i++)
		if (curves[i].nid == nid)
			return groups[i];
	return NULL;
}

static bool is_on_curve(struct span octets, int nid)
{
	const EC_GROUP *group = group_of(nid);
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	bool good;

	ERR_set_mark();
	good = point && EC_POINT_oct2point(group, point, octets.data, octets.len, NULL) == 1;
	ERR_pop_to_mark();
	EC_POINT_free(point);
	return good;
}

void lint_key_point(const struct lint_subject *s, struct lint_report *report)
{
	int curve = key_curve(s);

	if (curve_size(curve) && is_whole(s) && !is_on_curve(lint_string(s->spki->key), curve))
		lint_say(report, WHERE, "is a point that is not on its curve");
}

void lint_key_point_compressed(const struct lint_subject *s, struct lint_report *report)
{
	size_t size = curve_size(key_curve(s));

	if (size && point_form(lint_string(s->spki->key), size) == POINT_CONVERSION_COMPRESSED)
		lint_say(report, WHERE, "is a compressed point");
}

static bool is_sound_number(const ASN1_INTEGER *i)
{
	struct span n = lint_string(i);

	return ASN1_STRING_type(i) != V_ASN1_NEG_INTEGER && n.len && (n.data[n.len - 1] & 1);
}

/* The size of a modulus that is_sound_number(). */
static size_t modulus_bits(const struct lint_subject *s)
{
	struct span n = lint_string(s->rsa->modulus);
	size_t bits = n.len * 8;

	for (unsigned char top = n.data[0]; !(top & 0x80); top = (unsigned char)(top << 1 | 1))
		bits--;
	return bits;
}

void lint_key_rsa_modulus(const struct lint_subject *s, struct lint_report *report)
{
	if (s->rsa && !is_sound_number(s->rsa->modulus))
		lint_say(report, WHERE, "has a modulus that is even or negative");
}

void lint_key_rsa_small(const struct lint_subject *s, struct lint_report *report)
{
	if (s->rsa && is_sound_number(s->rsa->modulus) && modulus_bits(s) < RSA_BITS_MIN)
		lint_say(report, WHERE, "is RSA with %zu bits, fewer than %d", modulus_bits(s),
			 RSA_BITS_MIN);
}

void lint_key_rsa_bits(const struct lint_subject *s, struct lint_report *report)
{
	if (s->rsa && is_sound_number(s->rsa->modulus) && modulus_bits(s) % 8)
		lint_say(report, WHERE, "is RSA with %zu bits, no multiple of 8", modulus_bits(s));
}

/* UINT64_MAX for all that is larger. */
static uint64_t exponent_of(const struct lint_subject *s)
{
	uint64_t e = UINT64_MAX;

	ERR_set_mark();
	if (!ASN1_INTEGER_get_uint64(&e, s->rsa->exponent))
		e = UINT64_MAX;
	ERR_pop_to_mark();
	return e;
}

static bool is_exponent(const struct lint_subject *s)
{
	return is_sound_number(s->rsa->exponent) && exponent_of(s) >= 3;
}

void lint_key_rsa_exponent(const struct lint_subject *s, struct lint_report *report)
{
	if (s->rsa && !is_exponent(s))
		lint_say(report, WHERE, "has a public exponent that is even or below 3");
}

void lint_key_rsa_exponent_small(const struct lint_subject *s, struct lint_report *report)
{
	if (s->rsa && is_exponent(s) && exponent_of(s) < RSA_EXPONENT_USUAL)
		lint_say(report, WHERE, "has the public exponent %u", (unsigned)exponent_of(s));
}
