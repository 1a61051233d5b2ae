#include "base/der_value.h"

#include <pthread.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/datetime.h"

bool der_take_number(struct span *rest, struct span *octets)
{
	if (!der_take(rest, DER_INTEGER_VALUE, octets) || octets->len == 0 ||
	    (octets->data[0] & 0x80))
		return false;
	if (octets->len == 1 || octets->data[0] != 0)
		return true;
	*octets = (struct span){octets->data + 1, octets->len - 1};
	return octets->data[0] & 0x80;
}

bool der_take_bits(struct span *rest, struct span *octets)
{
	if (!der_take(rest, DER_BITS, octets) || octets->len == 0 || octets->data[0] != 0)
		return false;
	*octets = (struct span){octets->data + 1, octets->len - 1};
	return true;
}

/* --- times ------------------------------------------------------------------------------------ */

static bool read_digits(const unsigned char *at, int pairs, int out[])
{
	for (int i = 0; i < pairs; i++, at += 2) {
		if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
			return false;
		out[i] = (at[0] - '0') * 10 + at[1] - '0';
	}
	return true;
}

/* UTCTime has no century: those from 50 on are of the last one. */
bool der_time(int type, struct span text, int64_t *seconds, int *year)
{
	bool utc = type == V_ASN1_UTCTIME;
	struct civil_time c;
	int f[7] = {0};

	if ((!utc && type != V_ASN1_GENERALIZEDTIME) || text.len != (utc ? 13 : 15) ||
	    text.data[text.len - 1] != 'Z' || !read_digits(text.data, utc ? 6 : 7, utc ? f + 1 : f))
		return false;
	if (utc)
		f[0] = f[1] >= 50 ? 19 : 20;
	c = (struct civil_time){f[0] * 100 + f[1], f[2], f[3], f[4], f[5], f[6]};
	*year = c.year;
	return civil_to_seconds(&c, seconds) == 0;
}

/* --- identifiers ------------------------------------------------------------------------------ */

/* OpenSSL has 1200, and looks them up under a lock in a sorted list: a table of them all is quicker. */
#define SLOTS 4096
#define OID_MOST 40

static uint16_t slots[SLOTS]; /* NID_undef: empty */

/* Nearly all that are met are 2.5.4.x or 2.5.29.x: by the last octet. */
#define JOINT 0x55
static uint16_t attributes[256], extensions[256];

static uint16_t *joint_slot(struct span content)
{
	if (content.len != 3 || content.data[0] != JOINT)
		return NULL;
	return content.data[1] == 0x04	 ? &attributes[content.data[2]]
	       : content.data[1] == 0x1d ? &extensions[content.data[2]]
					 : NULL;
}

static struct span content_of(int nid)
{
	const ASN1_OBJECT *o = OBJ_nid2obj(nid);

	return (struct span){o ? OBJ_get0_data(o) : NULL, o ? OBJ_length(o) : 0};
}

static size_t slot_of(struct span content)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t at;

	for (size_t i = 0; i < content.len; i++)
		hash = (hash ^ content.data[i]) * 16777619u;
	for (at = (hash ^ hash >> 15) % SLOTS; slots[at]; at = (at + 1) % SLOTS)
		if (span_equal(content_of(slots[at]), content))
			break;
	return at;
}

static void make_slots(void)
{
	int end = OBJ_new_nid(0);

	/* Some numbers stand for nothing, which OpenSSL notes as an error of whoever asks first. */
	ERR_set_mark();
	for (int nid = 1; nid < end && nid < SLOTS / 2; nid++) {
		struct span content = content_of(nid);
		uint16_t *joint = joint_slot(content);
		size_t at;

		if (content.len == 0 || content.len > OID_MOST)
			continue;
		if (joint && !*joint)
			*joint = (uint16_t)nid;
		at = slot_of(content);
		/* Of two with one identifier OpenSSL's own search finds the first. */
		if (!slots[at])
			slots[at] = (uint16_t)nid;
	}
	ERR_pop_to_mark();
}

int der_oid_nid(struct span content)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const uint16_t *joint = joint_slot(content);

	pthread_once(&once, make_slots);
	if (joint)
		return *joint;
	return content.len && content.len <= OID_MOST ? slots[slot_of(content)] : NID_undef;
}
