/* SPDX-License-Identifier: MIT */
/*
 * The language of the shell: what the lexer gives the parser, and the tree the parser makes.
 *
 *	script    { list NEWLINE }
 *	list      andor { (";" | "&" | NEWLINE) andor } [";" | "&"]
 *	andor     pipeline { ("&&" | "||") pipeline }
 *	pipeline  command { "|" command }
 *	command   { NAME=word | redirect } { word | redirect }
 *	        | { NAME=word } "!" text to the end of the line or an unquoted ";"
 *	        | ("for" NAME ["in" { word }] do-list | "while" list do-list | "until" list do-list
 *	        |  "if" list "then" list { "elif" list "then" list } ["else" list] "fi") { redirect }
 *	do-list   (";" | NEWLINE) "do" list "done"
 *	redirect  [0-2] ("<" | ">" | ">>") word | [0-2] ">&" [0-2] | "&>" word
 */
#ifndef SHELL_SYNTAX_H
#define SHELL_SYNTAX_H

#include "shell/buf.h"

struct node;

/* ---- words ---- */

enum part_kind {
	PART_TEXT,     /* as it stands */
	PART_VARIABLE, /* text is the name: "X", "1", "?" */
	PART_COMMAND,  /* $(...): node is what to run; NULL where it is empty */
};

struct part {
	enum part_kind kind;
	bool quoted; /* not split, no braces in it */
	char *text;
	char *otherwise; /* ${X:-otherwise}, or NULL */
	struct node *node;
	size_t slot; /* of a PART_COMMAND: which of its node's substitutions it is */
};

struct word {
	struct part *parts;
	size_t count;
};

/* ---- the tree ---- */

enum redirect_kind { REDIRECT_IN, REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_DUP };

struct redirect {
	enum redirect_kind kind;
	int fd;	  /* 0, 1, 2; -1: both 1 and 2 */
	int from; /* REDIRECT_DUP: the one that fd becomes the same as */
	struct word target;
};

struct assignment {
	char *name;
	struct word value;
};

enum node_kind {
	NODE_COMMAND,	 /* assignments, words, redirects */
	NODE_PROGRAM,	 /* assignments; text: what `sh -c` gets */
	NODE_PIPE,	 /* children: the stages */
	NODE_AND,	 /* children: left, right */
	NODE_OR,	 /* the same */
	NODE_LIST,	 /* children, one after the other */
	NODE_BACKGROUND, /* one child; text: as it was typed */
	NODE_FOR,	 /* text: the variable; words; one child; over_args: no `in` */
	NODE_WHILE,	 /* children: condition, body */
	NODE_UNTIL,	 /* the same */
	NODE_IF,	 /* children: condition, then, [else] */
};

struct node {
	unsigned refs;
	enum node_kind kind;
	unsigned line;
	char *source; /* of a complete command: as it was typed */
	char *text;
	bool over_args;
	struct node **children;
	size_t child_count;
	struct word *words;
	size_t word_count;
	struct assignment *assignments;
	size_t assignment_count;
	struct redirect *redirects;
	size_t redirect_count;
	struct part **substitutions; /* every PART_COMMAND of this node's words, in order of their slots */
	size_t substitution_count;
};

void word_free(struct word *w);
struct node *node_get(struct node *n);
void node_put(struct node *n); /* NULL is fine */

/* ---- tokens ---- */

enum token_kind {
	TOKEN_END,
	TOKEN_NEWLINE,
	TOKEN_SEMICOLON,
	TOKEN_AMPERSAND,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_PIPE,
	TOKEN_WORD,
	TOKEN_REDIRECT, /* redirect.target is still to come */
	TOKEN_PROGRAM,
	TOKEN_BAD, /* the lexer's error is set */
};

struct token {
	enum token_kind kind;
	size_t start, end; /* in the text */
	unsigned line;
	bool at_command; /* a word that stands where a command may begin */
	struct word word;
	char *program;
	struct redirect redirect;
};

struct lexer {
	const char *text; /* of `len` bytes; a zero byte in it counts as white space */
	size_t len, pos;
	unsigned line;
	unsigned depth;	 /* of $( ) and compound commands: bounded */
	bool at_command; /* a command may begin here, so "!" and reserved words mean something */
	bool incomplete; /* the error is only that the text ends too early */
	char error[160];
	unsigned error_line;
};

enum { SYNTAX_DEPTH = 64, SYNTAX_CHAIN = 1000 };

void lex_init(struct lexer *lx, const char *text, size_t len, unsigned line, unsigned depth);

/* What is in the token belongs to the caller. */
void lex_next(struct lexer *lx, struct token *t);
void token_free(struct token *t);

/* The word is exactly this text, nothing of it quoted. */
bool word_is(const struct word *w, const char *text);

/* Splits "NAME=value" where a word begins so; the word is used up. False: untouched. */
bool word_to_assignment(struct word *w, struct assignment *a);

/* Sets lx->error (the first one wins) and returns false. */
bool lex_fail(struct lexer *lx, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- parsing ---- */

/* Text that is run command by command. */
struct script {
	char *name; /* for messages */
	struct buf text;
	size_t pos;    /* what comes next */
	unsigned line; /* of that, from 1 */
	bool open;     /* more text may come */
};

enum parse_result {
	PARSE_END,   /* nothing is left (now) */
	PARSE_NODE,  /* *out is the next complete command, to be freed */
	PARSE_MORE,  /* it begins, but does not end in what is there; only when s->open */
	PARSE_ERROR, /* `error` has "NAME:LINE: message"; the rest of that line is skipped */
};

enum { PARSE_ERROR_LEN = 256 };

enum parse_result parse_next(struct script *s, struct node **out, char error[PARSE_ERROR_LEN]);

/* All of the text as one list, for $( ). *out is NULL when there is nothing in it. False: lx->error is set.
 */
bool parse_all(struct lexer *lx, struct node **out);

void script_init(struct script *s, const char *name, const char *text, bool open);
void script_exit(struct script *s);

#endif
