// Error translation between C++ and Python.
#include "core/python/python.h"

#include <memory>
#include <new>

namespace rl::python {

struct PythonError::State {
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  ~State() {
    if (!type || !Py_IsInitialized()) return;
    const GilAcquire gil;
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
  }
};

PythonError::PythonError() : state_(std::make_shared<State>()) {
  PyErr_Fetch(&state_->type, &state_->value, &state_->trace);
}

void PythonError::restore() const {
  PyErr_Restore(std::exchange(state_->type, nullptr), std::exchange(state_->value, nullptr),
                std::exchange(state_->trace, nullptr));
}

void set_python_error() noexcept {
  try {
    throw;
  } catch (const PythonError& e) {
    e.restore();
  } catch (const Error& e) {
    PyObject* type = PyExc_RuntimeError;
    switch (e.type()) {
      case ErrorType::Value:
        type = PyExc_ValueError;
        break;
      case ErrorType::Type:
        type = PyExc_TypeError;
        break;
      case ErrorType::Index:
        type = PyExc_IndexError;
        break;
      case ErrorType::NotImplemented:
        type = PyExc_NotImplementedError;
        break;
      case ErrorType::Attribute:
        type = PyExc_AttributeError;
        break;
      case ErrorType::Assertion:
        type = PyExc_AssertionError;
        break;
      case ErrorType::Buffer:
        type = PyExc_BufferError;
        break;
      default:
        break;
    }
    PyErr_SetString(type, e.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

PyTypeObject* add_type(PyObject* module, PyType_Spec& spec, const char* name, PyObject* base) {
  PyObject* type = base ? PyType_FromSpecWithBases(&spec, base) : PyType_FromSpec(&spec);
  if (!type || PyModule_AddObjectRef(module, name, type) < 0) throw PythonError();
  return reinterpret_cast<PyTypeObject*>(type);
}

}  // namespace rl::python
