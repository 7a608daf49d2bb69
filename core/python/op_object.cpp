// Calling operators from Python: pick the overload, convert arguments, invoke, wrap the results.
#include "core/python/op_object.h"

#include <structmember.h>

#include <cstring>
#include <string>

#include "core/autograd/variable.h"
#include "core/op/call.h"
#include "core/op/op_node.h"
#include "core/python/arguments.h"
#include "core/python/named_results.h"
#include "core/python/overrides.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

// Above this many elements a call lets other Python threads run.
constexpr int64_t kReleaseNumel = 16384;

// One record as Python sees it: interned parameter names, number of positional parameters.
struct Overload {
  const OpRecord* op;
  std::vector<PyObject*> names;
  int positional = 0;
  bool varargs_ints = false;  // f(2, 3) for f((2, 3))
};

struct OpObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  std::vector<Overload>* overloads;
  PyObject* name;
  PyObject* doc;
  Mode mode;
  bool method;
};

PyTypeObject *function_type, *method_type;
PyObject *text_out, *text_requires_grad, *text_input, *text_self;

// NumPy's names for the usual parameters.
struct NameAlias {
  const char* name;
  const char* aliases[3];
};
constexpr NameAlias kAliases[] = {{"self", {"input", "x", "a"}},
                                  {"dim", {"axis", nullptr, nullptr}},
                                  {"keepdim", {"keepdims", nullptr, nullptr}},
                                  {"other", {"x2", nullptr, nullptr}}};

bool names_match(PyObject* given, PyObject* wanted, const char* wanted_text) {
  if (given == wanted) return true;
  const char* text = PyUnicode_AsUTF8(given);
  if (std::strcmp(text, wanted_text) == 0) return true;
  for (const NameAlias& a : kAliases) {
    if (std::strcmp(a.name, wanted_text) != 0) continue;
    for (const char* alias : a.aliases)
      if (alias && std::strcmp(alias, text) == 0) return true;
  }
  return false;
}

// What a factory takes when no device is given; None is the CPU. Each thread has its own.
thread_local Value default_device;

// Operators on tensors (zeros_like) follow those instead.
bool follows_default_device(const OpRecord& op, const Param& p) {
  return p.type == ParamType::Device && op.flags & kFactory &&
         op.params[0].type != ParamType::Tensor;
}

std::string type_name(PyObject* o) {
  if (is_tensor(o)) return "Tensor";
  return Py_TYPE(o)->tp_name;
}

const char* shown_name(const OpObject& self, const Param& p) {
  return !self.method && std::strcmp(p.name, "self") == 0 ? "input" : p.name;
}

// Fills `parsed`; on a mismatch returns false and explains in `why` (when asked).
bool parse(const OpObject& self, const Overload& o, PyObject* const* args, Py_ssize_t count,
           PyObject* kwnames, Parsed& parsed, Arena& arena, std::string* why) {
  const OpRecord& op = *o.op;
  const std::string name = why ? std::string(PyUnicode_AsUTF8(self.name)) : std::string();
  const Py_ssize_t shift = self.method ? 1 : 0;  // self does not count in messages
  Py_ssize_t used = 0;
  const Py_ssize_t kwcount = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
  Py_ssize_t kwused = 0;
  for (int i = 0; i < op.param_count; ++i) {
    const Param& p = op.params[i];
    PyObject* given = nullptr;
    Py_ssize_t position = -1;
    if (used < count && !p.keyword_only) {
      const bool starts_varargs =
          o.varargs_ints && p.type == ParamType::IntList && i == o.positional - 1;
      if (starts_varargs && count - used >= 1) {
        int64_t first = 0;
        if (!PyTuple_Check(args[used]) && !PyList_Check(args[used]) &&
            convert_int(args[used], first)) {
          const auto n = static_cast<size_t>(count - used);
          int64_t* at = arena.ints(n);
          for (size_t k = 0; k < n; ++k) {
            if (!convert_int(args[used + static_cast<Py_ssize_t>(k)], at[k])) {
              if (why)
                *why = str(name, "(): argument '", p.name,
                           "' must be tuple of ints, but found element of type ",
                           type_name(args[used + static_cast<Py_ssize_t>(k)]), " at pos ", k);
              return false;
            }
          }
          parsed.values[i] = Value(IntList(at, n));
          used = count;
          continue;
        }
      }
      position = used;
      given = args[used++];
    }
    if (kwcount > kwused) {
      for (Py_ssize_t k = 0; k < kwcount; ++k) {
        if (!names_match(PyTuple_GET_ITEM(kwnames, k), o.names[static_cast<size_t>(i)], p.name))
          continue;
        if (given) {
          if (why)
            *why = str(name, "() got multiple values for argument '", shown_name(self, p), "'");
          return false;
        }
        given = args[count + k];
        ++kwused;
        break;
      }
    }
    if (!given) {
      if (!p.has_default) {
        if (why) {
          std::string missing;
          int n = 0;
          for (int k = i; k < op.param_count; ++k) {
            if (op.params[k].has_default) continue;
            missing += str(n++ ? ", " : "", '"', shown_name(self, op.params[k]), '"');
          }
          *why = str(name, "() missing ", n, " required positional arguments: ", missing);
        }
        return false;
      }
      parsed.values[i] = follows_default_device(op, p) ? default_device : p.default_value;
      continue;
    }
    if (!convert(given, p, parsed.values[i], arena)) {
      // A parameter with a default accepts None where PyTorch does.
      if (why && p.type == ParamType::TensorList && (PyList_Check(given) || PyTuple_Check(given))) {
        Py_ssize_t bad = 0;
        while (bad < PySequence_Fast_GET_SIZE(given) &&
               is_tensor(PySequence_Fast_GET_ITEM(given, bad)))
          ++bad;
        *why = str("expected Tensor as element ", static_cast<int64_t>(bad), " in argument ",
                   static_cast<int64_t>(std::max<Py_ssize_t>(position - shift, 0)), ", but got ",
                   type_name(PySequence_Fast_GET_ITEM(given, bad)));
        return false;
      }
      if (why) {
        *why = str(name, "(): argument '", shown_name(self, p), "'");
        if (position >= 0) *why += str(" (position ", position - shift + 1, ")");
        *why += str(" must be ", type_text(p), ", not ", type_name(given));
      }
      return false;
    }
    if (given == Py_None && follows_default_device(op, p)) parsed.values[i] = default_device;
  }
  if (used < count) {
    if (why) {
      const int most = o.positional - static_cast<int>(shift);
      *why = str(name, "() takes ", most, " positional argument", most == 1 ? "" : "s", " but ",
                 static_cast<int64_t>(count - shift), " ", count - shift == 1 ? "was" : "were",
                 " given");
    }
    return false;
  }
  if (kwused < kwcount) {
    for (Py_ssize_t k = 0; k < kwcount; ++k) {
      PyObject* given = PyTuple_GET_ITEM(kwnames, k);
      bool known = false;
      for (int i = 0; i < op.param_count && !known; ++i)
        known = names_match(given, o.names[static_cast<size_t>(i)], op.params[i].name);
      if (known) continue;
      PyObject* value = args[count + k];
      if (given == text_out && (op.flags & kOut) && self.mode == Mode::Functional) {
        if (value != Py_None) parsed.out = value;
      } else if (given == text_requires_grad && (op.flags & kFactory)) {
        if (!PyBool_Check(value) && value != Py_None) {
          if (why)
            *why = str(name, "(): argument 'requires_grad' must be bool, not ", type_name(value));
          return false;
        }
        parsed.requires_grad = value == Py_True;
      } else {
        if (why)
          *why = str(name, "() got an unexpected keyword argument '", PyUnicode_AsUTF8(given), "'");
        return false;
      }
    }
  }
  return true;
}

// "(Tensor input, int dim = 0, *, Tensor out = None)", as PyTorch lists what would have been right.
std::string signature(const OpObject& self, const OpRecord& op) {
  const std::string_view schema = op.schema;
  std::string out = "(";
  bool keywords = false;
  const auto add = [&](const std::string& text) { out += str(out.size() > 1 ? ", " : "", text); };
  for (int i = self.method ? 1 : 0; i < op.param_count; ++i) {
    const Param& p = op.params[i];
    if (p.keyword_only && !std::exchange(keywords, true)) add("*");
    std::string text = str(type_text(p), " ", shown_name(self, p));
    const size_t at = schema.find(str(" ", p.name, "="));
    if (p.has_default && at != schema.npos) {
      const size_t from = at + std::strlen(p.name) + 2;
      text += str(" = ", std::string(schema.substr(from, schema.find_first_of(",)", from) - from)));
    }
    add(text);
  }
  if (op.flags & kOut && self.mode == Mode::Functional && !self.method) {
    if (!std::exchange(keywords, true)) add("*");
    add("Tensor out = None");
  }
  if (op.flags & kFactory) add("bool requires_grad = False");
  return out + ")";
}

[[noreturn]] void fail_overloads(const OpObject& self, PyObject* const* args, Py_ssize_t count,
                                 PyObject* kwnames) {
  std::string got;
  for (Py_ssize_t i = self.method ? 1 : 0; i < count; ++i)
    got += str(got.empty() ? "" : ", ", type_name(args[i]));
  const Py_ssize_t kwcount = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
  for (Py_ssize_t k = 0; k < kwcount; ++k)
    got += str(got.empty() ? "" : ", ", PyUnicode_AsUTF8(PyTuple_GET_ITEM(kwnames, k)), "=",
               type_name(args[count + k]));
  std::string text =
      str(PyUnicode_AsUTF8(self.name), "() received an invalid combination of arguments - got (",
          got, "), but expected one of:");
  for (const Overload& o : *self.overloads) text += str("\n * ", signature(self, *o.op));
  text += "\n";
  fail(ErrorType::Type, text);
}

int64_t work_of(const OpRecord& op, const Value* values) {
  int64_t most = 0;
  for (int i = 0; i < op.param_count; ++i) {
    const Value& v = values[i];
    if (v.is_tensor())
      most = std::max(most, v.tensor().numel());
    else if (v.tag() == Tag::TensorList) {
      for (const Tensor& t : v.tensors())
        if (t.defined()) most += t.numel();
    } else if (v.tag() == Tag::IntList && (op.flags & kFactory)) {
      int64_t n = 1;
      for (const int64_t s : v.ints())
        if (__builtin_mul_overflow(n, s, &n)) break;
      most = std::max(most, n);
    }
  }
  return most;
}

PyObject* wrap_results(const OpRecord& op, Call& call) {
  if (op.flags & kList) return wrap_tuple(call.list);
  if (op.flags & kScalarResult) return wrap_scalar(item(call.results[0]));
  if (op.result_count == 1) return wrap(call.results[0]);
  if (op.result_count == 0) Py_RETURN_NONE;
  if (op.result_names) {
    Object out(checked(PyStructSequence_New(named_result_type(op))));
    for (int i = 0; i < op.result_count; ++i)
      PyStructSequence_SetItem(out.get(), i, wrap(call.results[i]));
    return out.release();
  }
  return wrap_tuple({call.results, op.result_count});
}

void take_out(const OpRecord& op, PyObject* out, Call& call) {
  call.mode = Mode::Out;
  if (op.result_count == 1) {
    RL_CHECK_TYPE(is_tensor(out), op.name, "(): argument 'out' must be Tensor, not ",
                  type_name(out));
    call.results[0] = unwrap(out);
    return;
  }
  const bool sequence = PyTuple_Check(out) || PyList_Check(out);
  RL_CHECK_TYPE(sequence && PySequence_Fast_GET_SIZE(out) == op.result_count, op.name,
                "(): argument 'out' must be tuple of ", static_cast<int>(op.result_count),
                " Tensors");
  for (int i = 0; i < op.result_count; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(out, i);
    RL_CHECK_TYPE(is_tensor(item), op.name, "(): argument 'out' must be tuple of Tensors");
    call.results[i] = unwrap(item);
  }
}

// What a factory makes is of the dtype and on the device of its out=.
void follow_out(const OpRecord& op, const Tensor& out, Value* values) {
  for (int i = 0; i < op.param_count; ++i) {
    Value& v = values[i];
    if (op.params[i].type == ParamType::Dtype) {
      RL_CHECK(v.is_none() || v.dtype() == out.dtype(), "dtype ", v.dtype(),
               " does not match dtype of out parameter (", out.dtype(), ")");
      v = Value(out.dtype());
    } else if (op.params[i].type == ParamType::Device) {
      RL_CHECK(v.is_none() || v.device() == out.device(), "device type ", v.device().type_name(),
               " does not match device type of out parameter (", out.device().type_name(), ")");
      v = Value(out.device());
    }
  }
}

}  // namespace

PyObject* run_operator(const OpRecord& op, Mode mode, Parsed& parsed) {
  Call call{op, parsed.values, mode, {}, {}};
  if (mode == Mode::InPlace)
    call.results[0] = parsed.values[0].tensor();
  else if (parsed.out)
    take_out(op, parsed.out, call);
  if (parsed.out && op.flags & kFactory) follow_out(op, call.results[0], parsed.values);
  {
    const GilRelease gil(work_of(op, parsed.values) >= kReleaseNumel);
    invoke(call);
  }
  if (parsed.requires_grad) {
    RL_CHECK(is_differentiable(call.results[0].dtype()),
             "Only Tensors of floating point and complex dtype can require gradients");
    set_requires_grad(call.results[0], true);
  }
  return wrap_results(op, call);
}

namespace {

PyObject* op_call(PyObject* o, PyObject* const* args, size_t nargsf, PyObject* kwnames) {
  const OpObject& self = *reinterpret_cast<OpObject*>(o);
  const Py_ssize_t count = PyVectorcall_NARGS(nargsf);
  return guarded([&]() -> PyObject* {
    if (self.method && (count == 0 || !is_tensor(args[0])) && !any_foreign_override(args, count))
      fail(ErrorType::Type, "descriptor '", PyUnicode_AsUTF8(self.name),
           "' for 'torch._C.TensorBase' objects doesn't apply to a '",
           count ? Py_TYPE(args[0])->tp_name : "missing", "' object");
    const Py_ssize_t all = count + (kwnames ? PyTuple_GET_SIZE(kwnames) : 0);
    if (any_override(args, all)) [[unlikely]]
      return call_override(o, args, count, kwnames);
    const std::vector<Overload>& overloads = *self.overloads;
    for (const Overload& overload : overloads) {
      Parsed parsed;
      Arena arena;
      if (!parse(self, overload, args, count, kwnames, parsed, arena, nullptr)) continue;
      return run_operator(*overload.op, self.mode, parsed);
    }
    if (any_foreign_override(args, all)) return call_override(o, args, count, kwnames);
    if (overloads.size() == 1) {
      Parsed parsed;
      Arena arena;
      std::string why;
      parse(self, overloads[0], args, count, kwnames, parsed, arena, &why);
      fail(ErrorType::Type, why);
    }
    fail_overloads(self, args, count, kwnames);
  });
}

PyObject* op_get(PyObject* self, PyObject* obj, PyObject*) {
  if (!obj || obj == Py_None) return Py_NewRef(self);
  return PyMethod_New(self, obj);
}

PyObject* op_repr(PyObject* o) {
  const OpObject& self = *reinterpret_cast<OpObject*>(o);
  return PyUnicode_FromFormat(self.method ? "<method '%U' of 'torch._C.TensorBase' objects>"
                                          : "<built-in method %U of type object>",
                              self.name);
}

PyObject* op_signature(PyObject* o, void*) {
  const OpObject& self = *reinterpret_cast<OpObject*>(o);
  Object list(checked(PyList_New(0)));
  for (const Overload& overload : *self.overloads) {
    const Object text(PyUnicode_FromString(overload.op->schema));
    PyList_Append(list.get(), text.get());
  }
  return list.release();
}

PyObject* op_reduce(PyObject* o, PyObject*) {
  const OpObject& self = *reinterpret_cast<OpObject*>(o);
  return Py_NewRef(self.name);
}

PyMemberDef op_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpObject, vectorcall), READONLY, nullptr},
    {"__name__", T_OBJECT, offsetof(OpObject, name), READONLY, nullptr},
    {"__qualname__", T_OBJECT, offsetof(OpObject, name), READONLY, nullptr},
    {"__doc__", T_OBJECT, offsetof(OpObject, doc), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyGetSetDef op_getset[] = {{"schemas", op_signature, nullptr, "Schemas of all overloads.", nullptr},
                           {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef op_methods[] = {{"__reduce__", op_reduce, METH_NOARGS, nullptr},
                            {nullptr, nullptr, 0, nullptr}};

PyType_Slot function_slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                                {Py_tp_repr, reinterpret_cast<void*>(op_repr)},
                                {Py_tp_members, op_members},
                                {Py_tp_getset, op_getset},
                                {Py_tp_methods, op_methods},
                                {0, nullptr}};
PyType_Slot method_slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                              {Py_tp_descr_get, reinterpret_cast<void*>(op_get)},
                              {Py_tp_repr, reinterpret_cast<void*>(op_repr)},
                              {Py_tp_members, op_members},
                              {Py_tp_getset, op_getset},
                              {0, nullptr}};
constexpr unsigned long kOpFlags =
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION;
PyType_Spec function_spec = {"rushlight._C.OpFunction", sizeof(OpObject), 0, kOpFlags,
                             function_slots};
PyType_Spec method_spec = {"rushlight._C.OpMethod", sizeof(OpObject), 0,
                           kOpFlags | Py_TPFLAGS_METHOD_DESCRIPTOR, method_slots};

Overload make_overload(const OpRecord& op, bool method) {
  Overload o{&op, {}, 0, false};
  for (int i = 0; i < op.param_count; ++i) {
    o.names.push_back(PyUnicode_InternFromString(op.params[i].name));
    if (!op.params[i].keyword_only) ++o.positional;
  }
  const int first = method ? 1 : 0;
  o.varargs_ints = o.positional - first == 1 && op.params[first].type == ParamType::IntList;
  return o;
}

// Adds `op` to the callable `name` of `owner`, making it when absent.
void add_callable(PyObject* dict, const char* name, const OpRecord& op, Mode mode, bool method) {
  PyObject* existing = PyDict_GetItemString(dict, name);
  if (existing && (Py_TYPE(existing) == function_type || Py_TYPE(existing) == method_type)) {
    reinterpret_cast<OpObject*>(existing)->overloads->push_back(make_overload(op, method));
    return;
  }
  auto* o = PyObject_New(OpObject, method ? method_type : function_type);
  if (!o) throw PythonError();
  o->vectorcall = op_call;
  o->overloads = new std::vector<Overload>{make_overload(op, method)};
  o->name = PyUnicode_InternFromString(name);
  o->doc = PyUnicode_FromFormat("%s\n\n%s", op.schema, op.doc);
  o->mode = mode;
  o->method = method;
  PyDict_SetItemString(dict, name, reinterpret_cast<PyObject*>(o));
  Py_DECREF(o);
}

PyObject* op_records(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    Object list(checked(PyList_New(0)));
    for (const OpRecord* op : registry()) {
      std::string variants;
      const std::pair<uint32_t, const char*> names[] = {{kFunction, "function"},
                                                        {kMethod, "method"},
                                                        {kInplace, "inplace"},
                                                        {kInplaceFunction, "inplace_function"},
                                                        {kOut, "out"}};
      for (const auto& [flag, text] : names)
        if (op->flags & flag) variants += str(variants.empty() ? "" : " ", text);
      constexpr const char* kinds[] = {"pointwise", "kernel", "dynamic", "view",
                                       "composite", "mutate", "choose"};
      const Object row(checked(Py_BuildValue(
          "{s:s,s:s,s:s,s:s,s:s,s:s,s:O,s:s}", "name", op->name, "overload", op->overload, "schema",
          op->schema, "doc", op->doc, "family", op->family, "kind",
          kinds[static_cast<int>(op->kind)], "differentiable",
          op->vjp || op->kind == OpKind::Composite || op->kind == OpKind::Choose ? Py_True
                                                                                 : Py_False,
          "variants", variants.c_str())));
      PyList_Append(list.get(), row.get());
    }
    return list.release();
  });
}

// export_names(dict): the module's names and all function variants, for the package's namespace.
PyObject* export_names(PyObject* module, PyObject* target) {
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(PyDict_Check(target), "export_names() expects a dict");
    PyObject* own = PyModule_GetDict(module);
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(own, &at, &key, &value)) {
      const char* name = PyUnicode_AsUTF8(key);
      if (name[0] != '_' && !PyCFunction_Check(value) && !PyModule_Check(value))
        PyDict_SetItem(target, key, value);
    }
    PyObject* functions = PyModule_GetDict(PyDict_GetItemString(own, "ops"));
    for (const OpRecord* op : registry()) {
      const std::string inplace = str(op->name, "_");
      if (op->flags & kFunction)
        PyDict_SetItemString(target, op->name, PyDict_GetItemString(functions, op->name));
      if (op->flags & kInplaceFunction)
        PyDict_SetItemString(target, inplace.c_str(),
                             PyDict_GetItemString(functions, inplace.c_str()));
    }
    Py_RETURN_NONE;
  });
}

PyObject* set_default_device(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    Device device;
    RL_CHECK_TYPE(unwrap_device(o, device), "expected a torch.device, not ", Py_TYPE(o)->tp_name);
    default_device = device.is_cpu() ? Value() : Value(device);
    Py_RETURN_NONE;
  });
}
PyObject* get_default_device(PyObject*, PyObject*) {
  return wrap(default_device.is_none() ? Device{} : default_device.device());
}

PyMethodDef module_methods[] = {
    {"export_names", export_names, METH_O,
     "Puts types, dtypes and operator functions into a namespace."},
    {"_set_default_device", set_default_device, METH_O, "For factories without device=."},
    {"_get_default_device", get_default_device, METH_NOARGS, "As last set."},
    {"op_records", op_records, METH_NOARGS, "All operator records as dicts."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_op_types(PyObject* module) {
  function_type = add_type(module, function_spec, "OpFunction");
  method_type = add_type(module, method_spec, "OpMethod");
  text_out = PyUnicode_InternFromString("out");
  text_requires_grad = PyUnicode_InternFromString("requires_grad");
  text_input = PyUnicode_InternFromString("input");
  text_self = PyUnicode_InternFromString("self");
  PyModule_AddFunctions(module, module_methods);
}

void add_operators(PyObject* module) {
  PyObject* ops = PyModule_New("rushlight._C.ops");
  if (!ops || PyModule_AddObjectRef(module, "ops", ops) < 0) throw PythonError();
  PyObject* functions = PyModule_GetDict(ops);
  PyObject* methods = tensor_type->tp_dict;
  for (const OpRecord* op : registry()) {
    const std::string inplace = str(op->name, "_");
    // Every record has a plain callable here; the package exports those flagged as functions.
    add_callable(functions, op->name, *op, Mode::Functional, false);
    if (op->flags & (kInplace | kInplaceFunction | kInplaceInternal))
      add_callable(functions, inplace.c_str(), *op, Mode::InPlace, false);
    if (op->flags & kMethod) add_callable(methods, op->name, *op, Mode::Functional, true);
    if (op->flags & kInplace) add_callable(methods, inplace.c_str(), *op, Mode::InPlace, true);
  }
  PyType_Modified(tensor_type);
  Py_DECREF(ops);
}

}  // namespace rl::python
