package service

import (
	"strings"
	"testing"
)

func TestBuiltInUnit(t *testing.T) {
	c := &Config{
		Name: "shop", Description: "The 50 % shop", Executable: "/opt/my shop/bin", UserName: "jo",
		Arguments:    []string{"-a", "", `b "c" \d`, "$HOME", "%n", "it's"},
		Dependencies: []string{"Requires=postgresql.service", "After=postgresql.service", "redis", "network-online.target", " "},
		ChRoot:       "/srv/shop", WorkingDirectory: "/var/lib/my shop",
		EnvVars: map[string]string{"B": "2", "A": `x y"%`},
		Option: KeyValue{"LimitNOFILE": 65536, "Restart": "on-success", "SuccessExitStatus": "1 2 8 SIGKILL", "ReloadSignal": "HUP",
			"PIDFile": "/run/shop.pid", "LogOutput": true, "LogDirectory": "/logs"},
	}
	const want = `# Managed by daruma. Written by its package kardianos/service.

[Unit]
Description=The 50 %% shop
Requires=postgresql.service
After=postgresql.service
Wants=redis.service
After=redis.service
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
NotifyAccess=main
ExecStart="/opt/my shop/bin" -a "" "b \"c\" \\d" "$$HOME" %%n "it's"
RootDirectory=/srv/shop
WorkingDirectory=/var/lib/my shop
User=jo
ExecReload=/bin/kill -HUP $MAINPID
PIDFile=/run/shop.pid
StandardOutput=append:/logs/shop.out
StandardError=append:/logs/shop.err
LimitNOFILE=65536
Restart=on-success
SuccessExitStatus=1 2 8 SIGKILL
RestartSec=1s
TimeoutStopSec=90s
EnvironmentFile=-/etc/sysconfig/shop
Environment="A=x y\"%%"
Environment=B=2

[Install]
WantedBy=multi-user.target

[X-Daruma]
StartType=automatic
`
	if got, err := newUnits(c).unitText(); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	c.Option["UserService"] = true
	got, err := newUnits(c).unitText()
	if err != nil || strings.Contains(got, "User=") || !strings.Contains(got, "WantedBy=default.target\n") {
		t.Errorf("as a user's service: %v\n%s", err, got)
	}
}

func TestUnitRefusesLineBreaks(t *testing.T) {
	for _, c := range []*Config{
		{Name: "x", UserName: "jo\nExecStartPre=/bin/evil"},
		{Name: "x", WorkingDirectory: "/a\rb"},
		{Name: "x", ChRoot: `/a\`},
		{Name: "x", Option: KeyValue{"Restart": "no\n[Install]"}},
	} {
		if _, err := newUnits(c).unitText(); err == nil || !strings.Contains(err.Error(), "line break") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	got, err := newUnits(&Config{Name: "x", Executable: "/bin/x", Description: "two\nlines\\", Arguments: []string{"a\nb"},
		EnvVars: map[string]string{"K": "v\nw"}}).unitText()
	if err != nil || !strings.Contains(got, "Description=two lines\n") || !strings.Contains(got, `ExecStart=/bin/x "a\nb"`) || !strings.Contains(got, `"K=v\nw"`) {
		t.Errorf("%v\n%s", err, got)
	}
}
