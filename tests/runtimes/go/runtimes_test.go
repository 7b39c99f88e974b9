// SPDX-License-Identifier: Apache-2.0

package runtimes

import (
	"os"
	"strconv"
	"testing"
)

// TestRuntimes plays each runtime of the list in each of its modes, with guests of
// each profile and with each fault. FSSHARE_PODS is how many pods each lives.
func TestRuntimes(t *testing.T) {
	calls, err := load()
	if err != nil {
		t.Fatal(err)
	}
	pods := 2
	if text := os.Getenv("FSSHARE_PODS"); text != "" {
		if pods, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for i := range calls.Runtimes {
		runtime := &calls.Runtimes[i]
		of := profiles
		if runtime.Mode == "shared" {
			of = []string{"without a guest"}
		}
		for _, profile := range of {
			for _, f := range faults {
				if !f.fits(runtime) {
					continue
				}
				name := runtime.Name + " " + runtime.Mode + " " + profile + " " + f.name
				t.Run(name, func(t *testing.T) {
					playPods(t, calls, runtime, f, profile, pods)
				})
			}
		}
	}
}
