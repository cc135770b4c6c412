package nssm

import (
	"os"
	"strings"
	"testing"
)

// settings are NSSM's, as settings.cpp and registry.h of 2.24-101 list them; of the streams' four each, one.
func settings() []string {
	return strings.Fields(`Application AppParameters AppDirectory AppExit AppEvents AppAffinity AppEnvironment AppEnvironmentExtra
		AppNoConsole AppPriority AppRestartDelay AppStdin AppStdout AppStderr AppStopMethodSkip AppStopMethodConsole
		AppStopMethodWindow AppStopMethodThreads AppKillProcessTree AppThrottle AppRedirectHook AppRotateFiles AppRotateOnline
		AppRotateSeconds AppRotateBytes AppRotateBytesHigh AppRotateDelay AppTimestampLog ShareMode CreationDisposition
		FlagsAndAttributes CopyAndTruncate DependOnGroup DependOnService Description DisplayName Environment ImagePath
		ObjectName Start Type`)
}

// TestEverySettingIsDocumented, and known to the import: none of them is a stranger to it.
func TestEverySettingIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/nssm.md")
	if err != nil {
		t.Fatal(err)
	}
	key := NewKey("x")
	parameters := key.Make("Parameters")
	for _, name := range settings() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/nssm.md doesn't say what becomes of %s", name)
		}
		if strings.HasPrefix(name, "App") {
			parameters.Set(Value{Name: name, Kind: SZ, Text: "1"})
		}
	}
	for _, stream := range []string{"AppStdin", "AppStdout", "AppStderr"} {
		for _, suffix := range []string{"ShareMode", "CreationDisposition", "FlagsAndAttributes"} {
			parameters.Set(Value{Name: stream + suffix, Kind: Dword, Number: 3})
		}
	}
	parameters.remove("AppExit")
	parameters.remove("AppEvents")
	parameters.Set(Value{Name: "Application", Kind: SZ, Text: "x.exe"})
	d, err := Convert(Service{Name: "x", Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.Remarks {
		if strings.Contains(r.Text, "isn't a setting of NSSM") {
			t.Errorf("%s", r)
		}
	}
}
