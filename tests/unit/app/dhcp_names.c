/* SPDX-License-Identifier: MIT */
/* Compressed lists of names. */
#include "app/dhcp_msg.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

/* What the octets say; "-": nothing. */
static const char *names(const void *b, size_t len)
{
	static char out[DHCP_TEXT];
	uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, b, len);
	if (!dhcp_names_parse(exact, len, out))
		strcpy(out, "-");
	free(exact);
	return out;
}

#define NAMES(octets) names(octets, sizeof(octets) - 1)

static void names_stand_one_behind_the_other(void)
{
	CU_ASSERT_STRING_EQUAL(NAMES("\3eng\5apple\3com\0\3lab\0"), "eng.apple.com lab");
	CU_ASSERT_STRING_EQUAL(names("", 0), "");
}

static void a_pointer_leads_back(void)
{
	CU_ASSERT_STRING_EQUAL(
		NAMES("\3eng\5apple\3com\0\11marketing\xc0\4"), "eng.apple.com marketing.apple.com");
	CU_ASSERT_STRING_EQUAL(NAMES("\3com\0\1a\xc0\0\1b\xc0\5"), "com a.com b.a.com");
}

static void dhcp_domain_search_loop(void)
{
	CU_ASSERT_STRING_EQUAL(NAMES("\xc0\0"), "-");			/* to itself */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a\xc0\0"), "-");		/* to its own beginning */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a\xc0\4\1b\0"), "-");		/* forward */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a\0\1b\xc0\11\1c\xc0\3"), "-"); /* to each other */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a\0\xc0\xff"), "-");		/* past the end */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a\0\xc0"), "-");		/* half of one */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a\0\5b"), "-");			/* a label past the end */
	CU_ASSERT_STRING_EQUAL(NAMES("\1a"), "-");			/* a name without end */
	CU_ASSERT_STRING_EQUAL(NAMES("\100a\0"), "-");			/* neither label nor pointer */
}

static void a_name_of_more_than_255_octets_is_none(void)
{
	uint8_t b[5 * 64 + 1];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = i % 64 ? 'a' : 63;
	b[sizeof(b) - 1] = 0;
	CU_ASSERT_STRING_EQUAL(names(b, sizeof(b)), "-");
}

static void a_list_that_is_too_long_is_cut_between_names(void)
{
	uint8_t b[40 * 10];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = i % 10 == 0 ? 8 : i % 10 == 9 ? 0 : 'n';
	CU_ASSERT_EQUAL(strlen(names(b, sizeof(b))), 28 * 9 - 1);
}

static void names_are_safe_to_print(void)
{
	CU_ASSERT_STRING_EQUAL(NAMES("\7a \n.\x80\33z\0"), "a?????z");
}

SUITE(app_dhcp_names, T(names_stand_one_behind_the_other), T(a_pointer_leads_back),
	T(dhcp_domain_search_loop), T(a_name_of_more_than_255_octets_is_none),
	T(a_list_that_is_too_long_is_cut_between_names), T(names_are_safe_to_print))
