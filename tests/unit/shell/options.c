/* SPDX-License-Identifier: MIT */
/* The command line. */
#include "shell/options.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

enum { GO_ON = -1, WRONG = 2 };

/* Parses words that end with NULL; what it prints is thrown away. */
static int parse(struct options *o, const char *const *words)
{
	char *argv[32] = {(char *)"tapir"};
	int argc = 1;
	int null = open("/dev/null", O_WRONLY), out = dup(1), err = dup(2);

	while (words[argc - 1]) {
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	fflush(NULL);
	dup2(null, 1);
	dup2(null, 2);
	optind = 0;
	int status = options_parse(o, argc, argv);
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	close(null);
	close(out);
	close(err);
	return status;
}

#define PARSE(o, ...) parse(o, (const char *const[]){__VA_ARGS__, NULL})

static void check_wrong(const char *const *words)
{
	struct options o;

	CU_ASSERT_EQUAL(parse(&o, words), WRONG);
	CU_ASSERT_PTR_NULL(o.scripts);
}

#define CHECK_WRONG(...) check_wrong((const char *const[]){__VA_ARGS__, NULL})

static void nothing_is_the_sandbox_with_a_random_seed(void)
{
	struct options o, again;

	CU_ASSERT_EQUAL(parse(&o, (const char *const[]){NULL}), GO_ON);
	CU_ASSERT_EQUAL(o.topology, TOPOLOGY_SANDBOX);
	CU_ASSERT_FALSE(o.seed_given);
	CU_ASSERT_EQUAL(o.script_count, 0);
	CU_ASSERT_EQUAL(options_draw_seed(&o), GO_ON);
	CU_ASSERT_EQUAL(parse(&again, (const char *const[]){NULL}), GO_ON);
	CU_ASSERT_EQUAL(options_draw_seed(&again), GO_ON);
	CU_ASSERT_NOT_EQUAL(o.seed, again.seed);
	options_free(&o);
	options_free(&again);
}

static void virtual_means_empty_and_seed_one(void)
{
	struct options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--virtual"), GO_ON);
	CU_ASSERT_EQUAL(o.topology, TOPOLOGY_EMPTY);
	CU_ASSERT_EQUAL(options_draw_seed(&o), GO_ON);
	CU_ASSERT_EQUAL(o.seed, 1);
	options_free(&o);
	CU_ASSERT_EQUAL(PARSE(&o, "--virtual", "--empty", "--seed", "7"), GO_ON);
	CU_ASSERT_EQUAL(options_draw_seed(&o), GO_ON);
	CU_ASSERT_EQUAL(o.seed, 7);
	options_free(&o);
}

static void virtual_refuses_the_machines_devices(void)
{
	CHECK_WRONG("--virtual", "--host");
	CHECK_WRONG("--virtual", "--tap", "tap0");
	CHECK_WRONG("--tun", "tun0", "--virtual");
	CHECK_WRONG("--macvtap", "mvt0", "--virtual");
	CHECK_WRONG("--socket", "/run/s", "--virtual");
	CHECK_WRONG("--socket", "/run/s", "--empty");
}

static void topologies_exclude_each_other(void)
{
	CHECK_WRONG("--host", "--empty");
	CHECK_WRONG("--host", "--tap", "tap0");
	CHECK_WRONG("--empty", "--tap", "tap0");
}

static void options_belong_to_the_device_before_them(void)
{
	struct options o;

	CU_ASSERT_EQUAL(
		PARSE(&o, "--tap", "t0", "--addr", "10.1.0.1/24", "--mac", "02:00:00:00:00:01", "--macvtap",
			"m0", "--addr", "10.2.0.1/16", "--addr=10.3.0.1", "--gw", "10.2.0.2"),
		GO_ON);
	CU_ASSERT_EQUAL(o.topology, TOPOLOGY_DEVICES);
	CU_ASSERT_EQUAL(o.device_count, 2);
	CU_ASSERT_EQUAL(o.devices[0].kind, DEVICE_TAP);
	CU_ASSERT_STRING_EQUAL(o.devices[0].ifname, "t0");
	CU_ASSERT_EQUAL(o.devices[0].addr_count, 1);
	CU_ASSERT_EQUAL(o.devices[0].addrs[0].ip, 0x0a010001);
	CU_ASSERT_EQUAL(o.devices[0].addrs[0].plen, 24);
	CU_ASSERT_EQUAL(o.devices[0].mac.b[5], 1);
	CU_ASSERT_EQUAL(o.devices[0].gateway, 0);
	CU_ASSERT_EQUAL(o.devices[1].kind, DEVICE_MACVTAP);
	CU_ASSERT_EQUAL(o.devices[1].addr_count, 2);
	CU_ASSERT_EQUAL(o.devices[1].addrs[1].plen, 32);
	CU_ASSERT_EQUAL(o.devices[1].gateway, 0x0a020002);
	options_free(&o);
	CU_ASSERT_EQUAL(
		PARSE(&o, "--socket", "/run/user/1000/tapir/77-h1-mvt0", "--socket", "b", "--gw", "10.0.0.1"),
		GO_ON);
	CU_ASSERT_EQUAL(o.devices[0].kind, DEVICE_SOCKET);
	CU_ASSERT_STRING_EQUAL(o.devices[0].ifname, "/run/user/1000/tapir/77-h1-mvt0");
	CU_ASSERT_EQUAL(o.devices[1].gateway, 0x0a000001);
	options_free(&o);
	CHECK_WRONG("--addr", "10.0.0.1/24");
	CHECK_WRONG("--gw", "10.0.0.1", "--tap", "tap0");
}

static void plain_is_for_tap_and_tun(void)
{
	struct options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--tap", "t0", "--plain", "--tap", "t1", "--tun", "u0", "--plain"), GO_ON);
	CU_ASSERT_TRUE(o.devices[0].is_plain);
	CU_ASSERT_FALSE(o.devices[1].is_plain);
	CU_ASSERT_TRUE(o.devices[2].is_plain);
	options_free(&o);
	CHECK_WRONG("--plain", "--tap", "t0");
	CHECK_WRONG("--macvtap", "m0", "--plain");
	CHECK_WRONG("--socket", "path", "--plain");
}

static void values_that_are_none_are_refused(void)
{
	CHECK_WRONG("--tap", "t", "--addr", "10.0.0.1/33");
	CHECK_WRONG("--tap", "t", "--addr", "10.0.0.1/");
	CHECK_WRONG("--tap", "t", "--addr", "10.0.0.1/+24");
	CHECK_WRONG("--tap", "t", "--addr", "10.0.0/24");
	CHECK_WRONG("--tap", "t", "--addr", "1234567890123456/24");
	CHECK_WRONG("--tap", "t", "--mac", "01:00:00:00:00:01");
	CHECK_WRONG("--tap", "t", "--mac", "00:00:00:00:00:00");
	CHECK_WRONG("--tun", "t", "--mac", "02:00:00:00:00:01");
	CHECK_WRONG("--tap", "t", "--gw", "0.0.0.0");
	CHECK_WRONG("--tap", "");
	CHECK_WRONG("--tap", "sixteen-letters-");
	CHECK_WRONG("--seed", "-1");
	CHECK_WRONG("--seed", "12x");
	CHECK_WRONG("--seed", "18446744073709551616");
	CHECK_WRONG("--seed");
	CHECK_WRONG("--nonsense");
	CHECK_WRONG("-x");
}

static void busy_polling_takes_microseconds(void)
{
	struct options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--tap", "t0"), GO_ON);
	CU_ASSERT_EQUAL(o.busy_us, 50);
	options_free(&o);
	CU_ASSERT_EQUAL(PARSE(&o, "--busy-poll", "0"), GO_ON);
	CU_ASSERT_EQUAL(o.busy_us, 0);
	options_free(&o);
	CU_ASSERT_EQUAL(PARSE(&o, "--busy-poll", "10000"), GO_ON);
	CU_ASSERT_EQUAL(o.busy_us, 10000);
	options_free(&o);
	CHECK_WRONG("--busy-poll", "10001");
	CHECK_WRONG("--busy-poll", "-1");
	CHECK_WRONG("--busy-poll", "50us");
	CHECK_WRONG("--busy-poll", "");
}

static void scripts_run_in_the_order_given(void)
{
	struct options o;

	CU_ASSERT_EQUAL(PARSE(&o, "-c", "one", "two.tapir", "-ef", "three.tapir"), GO_ON);
	CU_ASSERT_EQUAL(o.script_count, 3);
	CU_ASSERT_TRUE(o.scripts[0].is_text);
	CU_ASSERT_STRING_EQUAL(o.scripts[0].text, "one");
	CU_ASSERT_STRING_EQUAL(o.scripts[1].text, "three.tapir");
	CU_ASSERT_FALSE(o.scripts[2].is_text);
	CU_ASSERT_STRING_EQUAL(o.scripts[2].text, "two.tapir");
	CU_ASSERT_TRUE(o.stop_at_failure);
	options_free(&o);
}

static void help_and_version_end_well(void)
{
	struct options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--help"), 0);
	CU_ASSERT_EQUAL(PARSE(&o, "-h"), 0);
	CU_ASSERT_EQUAL(PARSE(&o, "--version", "--nonsense"), 0);
}

static void again_stands_alone(void)
{
	struct options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--record", "dir", "--virtual"), GO_ON);
	CU_ASSERT_STRING_EQUAL(o.record, "dir");
	CU_ASSERT_PTR_NULL(o.again);
	options_free(&o);
	CU_ASSERT_EQUAL(PARSE(&o, "--again=dir"), GO_ON);
	CU_ASSERT_STRING_EQUAL(o.again, "dir");
	options_free(&o);
	CHECK_WRONG("--again", "dir", "--virtual");
	CHECK_WRONG("--again=dir", "--record=other");
	CHECK_WRONG("--again=dir", "script");
	CHECK_WRONG("--again");
}

SUITE(shell_options, T(nothing_is_the_sandbox_with_a_random_seed), T(virtual_means_empty_and_seed_one),
	T(virtual_refuses_the_machines_devices), T(topologies_exclude_each_other),
	T(options_belong_to_the_device_before_them), T(plain_is_for_tap_and_tun),
	T(values_that_are_none_are_refused), T(busy_polling_takes_microseconds),
	T(scripts_run_in_the_order_given), T(again_stands_alone), T(help_and_version_end_well))
