/** An answer, or what a file holds, is not what it should be. The text says so in whole words and quotes nothing. */
export class AnswerUnusable extends Error {
  override readonly name = 'AnswerUnusable'
}
