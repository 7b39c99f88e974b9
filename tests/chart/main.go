// SPDX-License-Identifier: Apache-2.0

// Checks the Helm chart and the plain manifests without a cluster: with Helm's
// own code, the types and the validation of the Kubernetes API server, and
// fsshared itself. See scripts/chart.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

// A check is one sentence about the chart that is to be true.
type check struct {
	name string
	run  func() error
}

// errSkipped is wrapped by the error of a check that this machine cannot make.
var errSkipped = errors.New("skipped")

func skipped(why string) error {
	return fmt.Errorf("%w: %s", errSkipped, why)
}

func main() {
	root := flag.String("root", ".", "root of the repository")
	programs := flag.String("programs", "build/ci/main",
		"folder with fsshared, fssharectl and fsshare-guest")
	write := flag.Bool("write", false, "write deploy/kubernetes and the chart's files anew, and end")
	flag.Parse()
	t := tree{root: *root, programs: *programs}
	if *write {
		if err := t.writeManifests(); err != nil {
			fmt.Fprintln(os.Stderr, "chart:", err)
			os.Exit(1)
		}
		return
	}
	if !report(t.checks()) {
		os.Exit(1)
	}
}

// report runs the checks, prints what came out of each, and the totals.
func report(checks []check) bool {
	var passed, failed, left int
	for _, c := range checks {
		switch err := c.run(); {
		case err == nil:
			passed++
			fmt.Printf("ok: %s\n", c.name)
		case errors.Is(err, errSkipped):
			left++
			fmt.Printf("%v: %s\n", err, c.name)
		default:
			failed++
			fmt.Printf("FAILED: %s: %v\n", c.name, err)
		}
	}
	fmt.Printf("\n%d passed, %d failed", passed, failed)
	if left > 0 {
		fmt.Printf(", %d skipped", left)
	}
	fmt.Println()
	return failed == 0 && passed > 0
}

func (t tree) checks() []check {
	var all []check
	for _, set := range valueSets {
		all = append(all, t.setChecks(set)...)
	}
	all = append(all, t.valueChecks()...)
	all = append(all, t.manifestChecks()...)
	all = append(all, t.monitoringChecks()...)
	all = append(all, t.mutationChecks()...)
	return append(all, t.confinementChecks()...)
}
