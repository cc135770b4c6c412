package config

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// hash is of bcrypt, with the least cost.
const hash = "$2a$04$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"

func TestDashboard(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	pem, err := filepath.Abs("a.pem")
	if err != nil {
		t.Fatal(err)
	}
	users := "users: {ann: {passwordHash: '" + hash + "', role: operator}, bob: {passwordHash: '" + hash + "'}}"
	named := []User{{"ann", hash, true}, {"bob", hash, false}}
	for src, want := range map[string]Dashboard{
		users: {Listen: DefaultDashboard, Hosts: []string{"localhost", "127.0.0.1", "::1"}, Users: named},
		"trustedProxies: [127.0.0.1, '10.1.2.3/24', '::1'], " + users: {Listen: DefaultDashboard, Hosts: []string{"localhost", "127.0.0.1", "::1"}, Users: named,
			Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("::1/128")}},
		"listen: '127.0.0.9:1', hosts: [Shop.Example.com], " + users: {Listen: "127.0.0.9:1",
			Hosts: []string{"shop.example.com", "localhost", "127.0.0.1", "::1", "127.0.0.9"}, Users: named},
		"listen: '10.0.0.1:443', tls: {certificate: a.pem, key: a.pem}, " + users: {Listen: "10.0.0.1:443", Hosts: []string{"10.0.0.1"},
			Certificate: pem, Key: pem, Users: named},
		"listen: ':443', hosts: [shop, '::2'], tls: {certificate: a.pem, key: a.pem}, " + users: {Listen: ":443", Hosts: []string{"shop", "::2"},
			Certificate: pem, Key: pem, Users: named},
	} {
		got, err := parse("dashboard: {" + src + "}\n")
		if err != nil || !reflect.DeepEqual(*got.Dashboard, want) {
			t.Errorf("%s: %v\n%+v\n%+v", src, err, got.Dashboard, want)
		}
	}
	for src, want := range map[string]string{
		"listen: '127.0.0.1:1'":                                    "dashboard: users is missing",
		"users: {}":                                                "has no users: name one, or leave dashboard out and run daruma ui",
		"users: {ann: {passwordHash: secret}}":                     "dashboard.users.ann.passwordHash: must be what daruma observe --hash-password prints",
		"users: {ann: {role: viewer}}":                             "dashboard.users.ann: passwordHash is missing",
		"users: {ann: {passwordHash: '$2a$31$" + hash[7:] + "'}}":  "has a cost of 31, and 14 is the most",
		"listen: ':1', " + users:                                   "listens on all addresses: have the names by which browsers know this machine in hosts",
		"listen: '10.0.0.1:1', " + users:                           "10.0.0.1:1 can be reached from other machines, and passwords would go there in the clear",
		"listen: 1x, " + users:                                     "dashboard.listen: must be ADDRESS:PORT such as 127.0.0.1:9491",
		"hosts: ['shop:80'], " + users:                             "dashboard.hosts[0]: must be a host name or an address, without port",
		"trustedProxies: [proxy], " + users:                        "dashboard.trustedProxies[0]: must be an address or a network such as 127.0.0.1 or 10.1.2.0/24",
		"trustedProxies: ['0.0.0.0/0'], " + users:                  "dashboard.trustedProxies[0]: is every address there is",
		"tls: {certificate: a.pem}, " + users:                      "dashboard.tls: key is missing",
		"users: {ann: {passwordHash: '" + hash + "', role: root}}": "must be one of viewer, operator",
	} {
		if _, err := parse("dashboard: {" + src + "}\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", src, err)
		}
	}
}
