// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podapi "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/capabilities"
)

func init() {
	// As API servers do that allow privileged containers, by default all.
	capabilities.Setup(true, 0)
	if err := monitoring.AddToScheme(legacyscheme.Scheme); err != nil {
		panic(err)
	}
}

// strict is how the API server decodes with fieldValidation=Strict.
var strict = json.NewSerializerWithOptions(json.DefaultMetaFactory,
	legacyscheme.Scheme, legacyscheme.Scheme,
	json.SerializerOptions{Yaml: true, Strict: true})

// decode reads one object into its type of the Kubernetes API. Fields that are
// unknown, given twice, of the wrong case or of the wrong type are errors.
func decode(text string) (runtime.Object, error) {
	object, _, err := strict.Decode([]byte(text), nil, nil)
	return object, err
}

// validate does what the API server does before it stores an object: decodes,
// sets defaults, and applies the rules between fields. Warnings are errors.
func validate(text string) error {
	object, err := decode(text)
	if err != nil {
		return err
	}
	// The definition of these has no rules beyond their types.
	switch object.(type) {
	case *monitoring.PodMonitor, *monitoring.PrometheusRule:
		return nil
	}
	legacyscheme.Scheme.Default(object)
	group := object.GetObjectKind().GroupVersionKind().Group
	internal, err := legacyscheme.Scheme.ConvertToVersion(object,
		schema.GroupVersion{Group: group, Version: runtime.APIVersionInternal})
	if err != nil {
		return err
	}
	return rules(internal)
}

func rules(object runtime.Object) error {
	var broken field.ErrorList
	switch o := object.(type) {
	case *apps.DaemonSet:
		template := &o.Spec.Template
		broken = appsvalidation.ValidateDaemonSet(o,
			podapi.GetValidationOptionsFromPodTemplate(template, nil))
		warnings := podapi.GetWarningsForPodTemplate(context.Background(),
			field.NewPath("spec", "template"), template, nil)
		if len(warnings) > 0 {
			return fmt.Errorf("%v", warnings)
		}
	case *core.ConfigMap:
		broken = corevalidation.ValidateConfigMap(o)
	case *core.ServiceAccount:
		broken = corevalidation.ValidateServiceAccount(o)
	case *core.Namespace:
		broken = corevalidation.ValidateNamespace(o)
	default:
		return fmt.Errorf("no rules for %T", object)
	}
	if len(broken) > 0 {
		return broken.ToAggregate()
	}
	return nil
}
