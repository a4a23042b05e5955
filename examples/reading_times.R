# Reading times as a function of surprisal: a mixed model with lme4, from a table of `glassgate score`.
#
#   glassgate score model/ items.tsv --by-word --previous 1 --frequencies corpus.txt --output words.tsv
#   Rscript reading_times.R words.tsv times.tsv
#
# times.tsv has the columns participant, sentence, position and time (in milliseconds). Without it,
# times of 40 readers are simulated in which a bit costs 4 ms at the word and 2 ms at the next one.

library(lme4)

arguments <- commandArgs(trailingOnly = TRUE)
words <- read.delim(arguments[1], comment.char = "#", na.strings = "", encoding = "UTF-8")

simulate <- function(words, readers = 40) {
  set.seed(1)
  times <- merge(words, data.frame(participant = seq_len(readers)))  # all combinations
  previous <- ifelse(is.na(times$previous_1_surprisal), 0, times$previous_1_surprisal)
  slow <- rnorm(readers, 0, 40)[times$participant] + rnorm(max(words$sentence), 0, 10)[times$sentence]
  times$time <- 300 + 4 * times$surprisal + 2 * previous + slow + rnorm(nrow(times), 0, 30)
  times[c("participant", "sentence", "position", "time")]
}

times <- if (length(arguments) > 1) read.delim(arguments[2]) else simulate(words)
times <- merge(words, times, by = c("sentence", "position"))

# A word that the model does not know has no surprisal of its own; nor does the word after it say
# what its reader had just read. The first word of a sentence has none before it.
known <- subset(times, unknown == 0 & previous_1_unknown == 0 & word != "<eos>")
columns <- c("surprisal", "previous_1_surprisal", "log_frequency", "length", "time")
known <- known[complete.cases(known[columns]), ]

fitted <- lmer(
  time ~ surprisal + previous_1_surprisal + log_frequency + length +
    (1 | participant) + (1 | sentence),
  data = known
)
print(summary(fitted, correlation = FALSE))
print(confint(fitted, parm = "beta_", method = "Wald"))  # 95% intervals
