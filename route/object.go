package route

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// objectType describes event, service or team to CEL and to the index.
type objectType struct {
	name    string
	celType *types.Type
	names   []string
	fields  map[string]*types.FieldType
	read    map[string]func(*Facts) value
}

func newObjectType(name string, fields []field) *objectType {
	o := &objectType{
		name:    name,
		celType: types.NewObjectType(name, traits.FieldTesterType|traits.IndexerType),
		fields:  make(map[string]*types.FieldType, len(fields)),
		read:    make(map[string]func(*Facts) value, len(fields)),
	}
	for _, f := range fields {
		o.names = append(o.names, f.name)
		o.read[f.name] = f.read
		o.fields[f.name] = &types.FieldType{
			Type: f.typ,
			IsSet: func(of any) bool {
				v := f.read(of.(*Facts))
				return v.isSet()
			},
			GetFrom: func(of any) (any, error) {
				v := f.read(of.(*Facts))
				return v.cel(), nil
			},
		}
	}
	return o
}

// provider adds the object types to a CEL registry.
type provider struct {
	*types.Registry
	objects map[string]*objectType
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if o, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(o.celType), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if o, ok := p.objects[name]; ok {
		return o.names, true
	}
	return p.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if o, ok := p.objects[name]; ok {
		f, ok := o.fields[field]
		return f, ok
	}
	return p.Registry.FindStructFieldType(name, field)
}

// NewValue implements types.Provider. It returns an error: rules cannot create objects.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.objects[name]; ok {
		return types.NewErr("a rule cannot make a value of %s", name)
	}
	return p.Registry.NewValue(name, fields)
}

// object is event, service or team as a CEL value.
type object struct {
	typ *objectType
	of  *Facts
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot become a %v", o.typ.name, t)
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.TypeType:
		return o.typ.celType
	case o.typ.celType:
		return o
	}
	return types.NewErr("%s cannot become a %s", o.typ.name, t.TypeName())
}

// Equal implements ref.Val. Objects are equal if they are the same part of the same facts.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && p.typ == o.typ && p.of == o.of)
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.typ.celType }

// Value implements ref.Val. CEL accesses fields through it.
func (o *object) Value() any { return o.of }

// Get implements traits.Indexer, for access through dyn.
func (o *object) Get(index ref.Val) ref.Val {
	f, err := o.field(index)
	if err != nil {
		return err
	}
	v, _ := f.GetFrom(o.of)
	return adapter{}.NativeToValue(v)
}

// IsSet implements traits.FieldTester.
func (o *object) IsSet(index ref.Val) ref.Val {
	f, err := o.field(index)
	if err != nil {
		return err
	}
	return types.Bool(f.IsSet(o.of))
}

func (o *object) field(index ref.Val) (*types.FieldType, ref.Val) {
	name, _ := index.(types.String)
	if f, ok := o.typ.fields[string(name)]; ok {
		return f, nil
	}
	return nil, types.NewErr("no such field '%v'", index)
}
