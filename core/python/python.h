// Shared by the binding's files: references, error translation, the GIL.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <exception>
#include <memory>
#include <utility>

#include "core/base/error.h"

namespace rl::python {

// Owns one reference.
class Object {
 public:
  Object() = default;
  explicit Object(PyObject* owned) : p_(owned) {}
  static Object share(PyObject* p) {
    Py_XINCREF(p);
    return Object(p);
  }
  Object(const Object& o) : p_(o.p_) { Py_XINCREF(p_); }
  Object(Object&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Object& operator=(Object o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Object() { Py_XDECREF(p_); }
  PyObject* get() const { return p_; }
  PyObject* release() { return std::exchange(p_, nullptr); }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  PyObject* p_ = nullptr;
};

// Thrown when a Python exception is already set.
struct PythonError : std::exception {
  PythonError();  // takes the exception off the interpreter, so that it may cross threads
  PythonError(const PythonError&) = default;
  void restore() const;
  const char* what() const noexcept override { return "a Python exception"; }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Turns the C++ exception in flight into a Python one.
void set_python_error() noexcept;

// Runs f, turning exceptions into a null result.
template <class F>
PyObject* guarded(F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}
template <class F>
int guarded_int(F&& f) noexcept {
  try {
    f();
    return 0;
  } catch (...) {
    set_python_error();
    return -1;
  }
}

inline PyObject* checked(PyObject* p) {
  if (!p) throw PythonError();
  return p;
}

class GilRelease {
 public:
  explicit GilRelease(bool active = true) : state_(active ? PyEval_SaveThread() : nullptr) {}
  ~GilRelease() {
    if (state_) PyEval_RestoreThread(state_);
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

class GilAcquire {
 public:
  GilAcquire() : state_(PyGILState_Ensure()) {}
  ~GilAcquire() { PyGILState_Release(state_); }
  GilAcquire(const GilAcquire&) = delete;
  GilAcquire& operator=(const GilAcquire&) = delete;

 private:
  PyGILState_STATE state_;
};

// Makes a heap type and puts it into the module under `name`.
PyTypeObject* add_type(PyObject* module, PyType_Spec& spec, const char* name,
                       PyObject* base = nullptr);

}  // namespace rl::python
