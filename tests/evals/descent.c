/* Samples and the order in which they are learned in, the weights they teach out: multinomial logistic regression by steps that
   shrink with what a feature has seen. Sums are taken in the order of their terms and nothing is fused, so that the same rows teach
   the same weights, to the bit, wherever exp is the same. */

#include <math.h>
#include <stdint.h>

enum { CLASSES_MAX = 64, PARTS = 2 };

/* A sample has two parts, its words and its hints: part p of sample i is features[bounds[2 i + p]] up to the next bound. */
typedef struct {
    int32_t classes;
    const int64_t *bounds;
    const int32_t *features;
    const double *shares;
    const int32_t *labels;
    const double *weights;
} Course;

/* What is too likely (and, below zero, too unlikely) for each class. */
static void errors_of(const Course *course, int32_t sample, const double *table, double *errors)
{
    double scores[CLASSES_MAX] = {0}, total = 0;
    int classes = course->classes;
    for (int part = PARTS * sample; part < PARTS * sample + PARTS; part++) {
        double sums[CLASSES_MAX] = {0};
        for (int64_t at = course->bounds[part]; at < course->bounds[part + 1]; at++)
            for (int class = 0; class < classes; class++)
                sums[class] += table[(int64_t)course->features[at] * classes + class];
        for (int class = 0; class < classes; class++)
            scores[class] += course->shares[part] * sums[class];
    }
    double top = scores[0];
    for (int class = 1; class < classes; class++)
        top = fmax(top, scores[class]);
    for (int class = 0; class < classes; class++)
        total += errors[class] = exp(scores[class] - top);
    for (int class = 0; class < classes; class++)
        errors[class] /= total;
}

static void step(const Course *course, int32_t sample, double rate, const double *errors, double *table, double *seen)
{
    double surprise = 0;
    for (int class = 0; class < course->classes; class++)
        surprise += errors[class] * errors[class];
    for (int part = PARTS * sample; part < PARTS * sample + PARTS; part++) {
        double share = course->shares[part];
        for (int64_t at = course->bounds[part]; at < course->bounds[part + 1]; at++) {
            int32_t feature = course->features[at];
            double *row = table + (int64_t)feature * course->classes;
            seen[feature] += surprise * share * share;
            double length = rate * course->weights[sample] * share / sqrt(seen[feature]);
            for (int class = 0; class < course->classes; class++)
                row[class] -= length * errors[class];
        }
    }
}

/* `order` names a sample a step. Who is right by more than `learned` teaches nothing more. */
void descend(const Course *course, const int32_t *order, int64_t steps, double rate, double learned, double *table, double *seen)
{
    double errors[CLASSES_MAX];
    for (int64_t at = 0; at < steps; at++) {
        int32_t sample = order[at];
        errors_of(course, sample, table, errors);
        if (errors[course->labels[sample]] > learned)
            continue;
        errors[course->labels[sample]] -= 1;
        step(course, sample, rate, errors, table, seen);
    }
}
