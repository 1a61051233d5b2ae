#include "ca/lint/internal.h"

#include <string.h>
#include <strings.h>

#define HOST_MAX 253
#define LABEL_MAX 63

/* RFC 3629 3: shortest form, no surrogates, at most U+10FFFF. */
static bool next_utf8(struct span *rest, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = rest->data[0];
	size_t len = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

	if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || rest->len < len)
		return false;
	*point = len == 1 ? lead : lead & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((rest->data[i] & 0xC0) != 0x80)
			return false;
		*point = *point << 6 | (rest->data[i] & 0x3F);
	}
	rest->data += len;
	rest->len -= len;
	return *point >= least[len] && *point <= 0x10FFFF && (*point < 0xD800 || *point > 0xDFFF);
}

bool lint_next_character(int type, struct span *rest, uint32_t *point)
{
	size_t width = type == V_ASN1_BMPSTRING ? 2 : type == V_ASN1_UNIVERSALSTRING ? 4 : 1;

	if (rest->len < width)
		return false;
	if (type == V_ASN1_UTF8STRING)
		return next_utf8(rest, point);
	*point = 0;
	for (size_t i = 0; i < width; i++)
		*point = *point << 8 | rest->data[i];
	rest->data += width;
	rest->len -= width;
	return true;
}

static bool is_alphanumeric(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_label(const unsigned char *at, size_t len)
{
	if (len == 0 || len > LABEL_MAX || at[0] == '-' || at[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alphanumeric(at[i]) && at[i] != '-')
			return false;
	return true;
}

bool lint_is_host(struct span s)
{
	if (s.len == 0 || s.len > HOST_MAX)
		return false;
	for (;;) {
		const unsigned char *dot = memchr(s.data, '.', s.len);
		size_t len = dot ? (size_t)(dot - s.data) : s.len;

		if (!is_label(s.data, len))
			return false;
		if (!dot)
			return true;
		s.data += len + 1;
		s.len -= len + 1;
	}
}

bool lint_is_dns_name(struct span s)
{
	if (s.len > 2 && s.data[0] == '*' && s.data[1] == '.')
		s = (struct span){s.data + 2, s.len - 2};
	return lint_is_host(s);
}

/* The host of "//[user@]host[:port]…", which s begins after the slashes. */
static bool is_authority(struct span s)
{
	size_t end = 0;
	const unsigned char *at;

	while (end < s.len && !strchr("/?#", s.data[end]))
		end++;
	at = memrchr(s.data, '@', end);
	if (at) {
		end -= (size_t)(at + 1 - s.data);
		s.data = at + 1;
	}
	if (end && s.data[0] == '[')
		return memchr(s.data, ']', end) != NULL;
	at = memchr(s.data, ':', end);
	if (at) {
		for (const unsigned char *c = at + 1; c < s.data + end; c++)
			if (*c < '0' || *c > '9')
				return false;
		end = (size_t)(at - s.data);
	}
	return lint_is_host((struct span){s.data, end});
}

/* The octets before the colon; 0 where there is no scheme. */
static size_t scheme_length(struct span s)
{
	size_t len = 0;

	if (s.len == 0 || !is_alphanumeric(s.data[0]) || s.data[0] <= '9')
		return 0;
	while (len < s.len &&
	       (is_alphanumeric(s.data[len]) || (s.data[len] && strchr("+-.", s.data[len]))))
		len++;
	return len < s.len && s.data[len] == ':' ? len : 0;
}

bool lint_is_uri(struct span s)
{
	size_t scheme = scheme_length(s);

	if (scheme == 0 || scheme + 1 == s.len)
		return false;
	for (size_t i = scheme; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] >= 0x7F || strchr("\"<>\\^`{|}", s.data[i]))
			return false;
	s.data += scheme + 1;
	s.len -= scheme + 1;
	if (s.len < 2 || s.data[0] != '/' || s.data[1] != '/')
		return true;
	/* ldap:///cn=… names no host: the directory that the reader knows. */
	return (s.len > 2 && s.data[2] == '/') ||
	       is_authority((struct span){s.data + 2, s.len - 2});
}

bool lint_has_scheme(struct span s, const char *scheme)
{
	size_t len = strlen(scheme);

	return s.len > len && s.data[len] == ':' &&
	       strncasecmp((const char *)s.data, scheme, len) == 0;
}
