// A C interface to one layer of oneDNN's GRU: arrays are laid out once, then the layer runs repeatedly.
//
// oneDNN's name for the form with the reset gate after the recurrent product is lbr_gru ("linear
// before reset"). Its gates are update, reset, candidate, and h' = u h + (1 - u) n, as in PyTorch. A
// fourth bias belongs to the recurrent product of the candidate. Weights and gradients have the format
// `any`, so that oneDNN chooses their layout; reordering them is not part of a run.

#include <oneapi/dnnl/dnnl.hpp>

#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_SYCL
#include <oneapi/dnnl/dnnl_sycl.h>
#endif
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_TBB
#include <oneapi/tbb/global_control.h>
#else
extern "C" void omp_set_num_threads(int);
#endif

using namespace dnnl;
using dim = memory::dim;
using tag = memory::format_tag;

// The arrays of a layer: float32 in C order, copied. `weight_*` are [3, H, H]: gate, output, input;
// `bias` is [4, H]; `grad` is the gradient of the loss with respect to the output, null for inference.
struct Arrays {
    const float *input;          // [T, B, H]
    const float *initial;        // [B, H]
    const float *weight_input;   // update, reset, candidate
    const float *weight_hidden;  // the same
    const float *bias;           // update, reset, candidate, recurrent product of the candidate
    const float *grad;           // [T, B, H]
};

// Where to write results, in the same layouts; gradients are written in training only.
struct Results {
    float *output, *grad_input, *grad_initial, *grad_weight_input, *grad_weight_hidden, *grad_bias;
};

namespace {

std::string failure;

memory::desc plain(std::vector<dim> sizes, tag order) {
    return {sizes, memory::data_type::f32, order};
}

class Network {
public:
    Network(dim T, dim B, dim H, int threads, const Arrays &arrays)
        : engine_(engine::kind::cpu, 0), stream_(engine_) {
        set_threads(threads);
        const auto sequence = plain({T, B, H}, tag::tnc), state = plain({1, 1, B, H}, tag::ldnc);
        const auto weights = plain({1, 1, H, 3, H}, tag::ldgoi);  // dimensions in the order l d i g o
        const auto any = plain({1, 1, H, 3, H}, tag::any), bias = plain({1, 1, 4, H}, tag::ldgo);
        const auto way = rnn_direction::unidirectional_left2right;
        const auto kind =
            arrays.grad ? prop_kind::forward_training : prop_kind::forward_inference;
        const lbr_gru_forward::primitive_desc forward(
            engine_, kind, way, sequence, state, any, any, bias, sequence, state);

        auto &there = forward_args_;
        there[DNNL_ARG_SRC_LAYER] = filled(sequence, arrays.input);
        there[DNNL_ARG_SRC_ITER] = filled(state, arrays.initial);
        there[DNNL_ARG_BIAS] = filled(bias, arrays.bias);
        const auto weight_input = filled(weights, arrays.weight_input);
        const auto weight_hidden = filled(weights, arrays.weight_hidden);
        there[DNNL_ARG_WEIGHTS_LAYER] = packed(weight_input, forward.weights_layer_desc());
        there[DNNL_ARG_WEIGHTS_ITER] = packed(weight_hidden, forward.weights_iter_desc());
        there[DNNL_ARG_DST_LAYER] = made(sequence);
        there[DNNL_ARG_DST_ITER] = made(state);
        forward_ = lbr_gru_forward(forward);
        if (!arrays.grad) return;

        there[DNNL_ARG_WORKSPACE] = made(forward.workspace_desc());
        const lbr_gru_backward::primitive_desc backward(
            engine_, prop_kind::backward, way, sequence, state, any, any, bias, sequence, state,
            sequence, state, any, any, bias, sequence, state, forward);
        auto &back = backward_args_;
        back = there;
        back[DNNL_ARG_WEIGHTS_LAYER] = packed(weight_input, backward.weights_layer_desc());
        back[DNNL_ARG_WEIGHTS_ITER] = packed(weight_hidden, backward.weights_iter_desc());
        back[DNNL_ARG_DIFF_DST_LAYER] = filled(sequence, arrays.grad);
        const std::vector<float> zeros(B * H);
        back[DNNL_ARG_DIFF_DST_ITER] = filled(state, zeros.data());
        back[DNNL_ARG_DIFF_SRC_LAYER] = made(sequence);
        back[DNNL_ARG_DIFF_SRC_ITER] = made(state);
        back[DNNL_ARG_DIFF_WEIGHTS_LAYER] = made(backward.diff_weights_layer_desc());
        back[DNNL_ARG_DIFF_WEIGHTS_ITER] = made(backward.diff_weights_iter_desc());
        back[DNNL_ARG_DIFF_BIAS] = made(bias);
        backward_ = lbr_gru_backward(backward);
    }

    void run() {
        forward_.execute(stream_, forward_args_);
        if (backward_) {
            for (int sum : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER,
                            DNNL_ARG_DIFF_BIAS})
                zero(backward_args_[sum]);  // oneDNN adds to it
            backward_.execute(stream_, backward_args_);
        }
        stream_.wait();
    }

    void read(const Results &to) {
        copy_out(forward_args_[DNNL_ARG_DST_LAYER], to.output);
        if (!backward_) return;
        auto &back = backward_args_;
        copy_out(back[DNNL_ARG_DIFF_SRC_LAYER], to.grad_input);
        copy_out(back[DNNL_ARG_DIFF_SRC_ITER], to.grad_initial);
        copy_out(unpacked(back[DNNL_ARG_DIFF_WEIGHTS_LAYER]), to.grad_weight_input);
        copy_out(unpacked(back[DNNL_ARG_DIFF_WEIGHTS_ITER]), to.grad_weight_hidden);
        copy_out(back[DNNL_ARG_DIFF_BIAS], to.grad_bias);
    }

private:
    void set_threads(int threads) {
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_TBB
        using tbb::global_control;
        threads_ = std::make_unique<global_control>(
            global_control::max_allowed_parallelism, threads);
#else
        omp_set_num_threads(threads);
#endif
    }

    memory made(const memory::desc &desc) {
#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_SYCL  // plain pointers instead of SYCL's buffers
        dnnl_memory_t found;
        error::wrap_c_api(dnnl_sycl_interop_memory_create(&found, desc.get(), engine_.get(),
                              dnnl_sycl_interop_usm, DNNL_MEMORY_ALLOCATE),
            "no memory");
        return memory(found);
#else
        return memory(desc, engine_);
#endif
    }

    memory filled(const memory::desc &desc, const float *from) {
        memory to = made(desc);
        std::memcpy(to.get_data_handle(), from, desc.get_size());
        return to;
    }

    memory packed(memory from, const memory::desc &desc) {
        memory to = made(desc);
        reorder(from, to).execute(stream_, from, to);
        stream_.wait();
        return to;
    }

    memory unpacked(memory from) {
        return packed(from, plain(from.get_desc().get_dims(), tag::ldgoi));
    }

    static void zero(memory &sum) {
        std::memset(sum.get_data_handle(), 0, sum.get_desc().get_size());
    }

    static void copy_out(memory from, float *to) {
        std::memcpy(to, from.get_data_handle(), from.get_desc().get_size());
    }

    engine engine_;
    stream stream_;
    primitive forward_, backward_;
    std::unordered_map<int, memory> forward_args_, backward_args_;
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_TBB
    std::unique_ptr<tbb::global_control> threads_;
#endif
};

template <class Action>
bool done(Action action) {
    try {
        action();
        return true;
    } catch (const std::exception &error) {
        failure = error.what();
        return false;
    }
}

}  // namespace

extern "C" {

// The error of the last call that failed.
const char *network_failure() { return failure.c_str(); }

// Create a network for T steps of B sequences and H units; null on failure.
Network *network_new(int T, int B, int H, int threads, const Arrays *arrays) {
    Network *made = nullptr;
    done([&] { made = new Network(T, B, H, threads, *arrays); });
    return made;
}

// Run forward and, if there is a gradient, backward; false on failure.
bool network_run(Network *network) {
    return done([&] { network->run(); });
}

// Copy the results of the last run; false on failure.
bool network_read(Network *network, const Results *to) {
    return done([&] { network->read(*to); });
}

void network_free(Network *network) { delete network; }

// The version of the library that was actually loaded.
const char *network_version() {
    static const std::string version = [] {
        const auto *found = dnnl_version();
        return std::to_string(found->major) + "." + std::to_string(found->minor);
    }();
    return version.c_str();
}
}
