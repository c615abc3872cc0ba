/* Svertka: convolutional neural networks. This header includes all others. */
#ifndef SVERTKA_SVERTKA_H
#define SVERTKA_SVERTKA_H

#include <svertka/analysis.h>
#include <svertka/base.h>
#include <svertka/classify.h>
#include <svertka/data.h>
#include <svertka/graph.h>
#include <svertka/inspect.h>
#include <svertka/layers.h>
#include <svertka/loader.h>
#include <svertka/look.h>
#include <svertka/model.h>
#include <svertka/network.h>
#include <svertka/op.h>
#include <svertka/optim.h>
#include <svertka/plan.h>
#include <svertka/rate.h>
#include <svertka/state.h>
#include <svertka/task.h>
#include <svertka/tensor.h>
#include <svertka/train.h>
#include <svertka/zoo.h>

#endif
